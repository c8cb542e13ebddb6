from pydantic import BaseModel, Field


class Choice(BaseModel):
    """One value of a closed list."""

    code: str = Field(description="编码，接口中使用", examples=["industry_land"])
    label: str = Field(description="中文名称", examples=["工业（供地）"])


class ChoicesOut(BaseModel):
    """Every closed list, by what it belongs to and the field that holds it, in the order to be shown."""

    projects: dict[str, list[Choice]] = Field(description="项目")
    agreements: dict[str, list[Choice]] = Field(description="合同协议")
    funds: dict[str, list[Choice]] = Field(description="到位资金")
    outcomes: dict[str, list[Choice]] = Field(description="实际成效")
    evidence: dict[str, list[Choice]] = Field(description="佐证材料")
    reviews: dict[str, list[Choice]] = Field(description="审查")
    gates: dict[str, list[Choice]] = Field(description="关口：要求、缺项、例外与疑似重复")
    engagements: dict[str, list[Choice]] = Field(description="对接活动")
    reports: dict[str, list[Choice]] = Field(description="周报")
    rewards: dict[str, list[Choice]] = Field(description="引资人奖励")
    task_forces: dict[str, list[Choice]] = Field(description="项目专班")
    tickets: dict[str, list[Choice]] = Field(description="企业诉求（店小二）")
    commitments: dict[str, list[Choice]] = Field(description="履约条款与兑现")
    statistics: dict[str, list[Choice]] = Field(description="外部统计数据")
    enterprises: dict[str, list[Choice]] = Field(description="企业")
    units: dict[str, list[Choice]] = Field(description="单位")
    users: dict[str, list[Choice]] = Field(description="用户")
