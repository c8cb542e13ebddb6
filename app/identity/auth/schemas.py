import ipaddress
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from app.kernel.access import KEY_SCOPES, Permission, Role
from app.kernel.calendar import Day
from app.kernel.paging import PageQuery
from app.kernel.text import Line

LOGIN_PATTERN = r"^[a-z0-9][a-z0-9._-]{1,63}$"

Login = Annotated[str, Field(pattern=LOGIN_PATTERN)]
UnitCode = Annotated[Line, Field(max_length=20)]
Phone = Annotated[str, Field(pattern=r"^[0-9+() -]{3,30}$")]
Secret = Annotated[str, Field(min_length=1, max_length=128)]


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text.strip(), strict=False))
    except ValueError:
        raise PydanticCustomError("address", "应为 IP 地址或网段，如 10.1.2.3 或 10.1.0.0/16") from None


def _scope(scope: Permission) -> Permission:
    if scope not in KEY_SCOPES:
        raise PydanticCustomError("scope", "机器密钥不可授予此项权限")
    return scope


Network = Annotated[str, AfterValidator(_network), Field(max_length=60)]
Scope = Annotated[Permission, AfterValidator(_scope)]


# -- logging in ------------------------------------------------------------------------------------------------


class LoginIn(BaseModel):
    """Name and password."""

    model_config = ConfigDict(extra="forbid")

    username: Line = Field(description="登录名", examples=["officer"])
    password: Secret = Field(description="密码", examples=["Zhaoshang-2026"])


class UnitBrief(BaseModel):
    """A unit as others refer to it."""

    code: str = Field(description="编码", examples=["qjxw"])
    name: str = Field(description="名称", examples=["区经济信息委"])


class Me(BaseModel):
    """The account that asks: what a frontend needs to know what to show."""

    login: str = Field(description="登录名", examples=["officer"])
    name: str = Field(description="姓名", examples=["谢雨桐"])
    roles: list[Role] = Field(description="角色", examples=[["officer"]])
    role_labels: list[str] = Field(description="角色的中文名", examples=[["招商局科室人员"]])
    unit: UnitBrief | None = Field(description="所在责任单位")
    permissions: list[Permission] = Field(description="权限", examples=[["project.read", "self"]])
    must_change_password: bool = Field(description="须先修改密码", examples=[False])


class LoginOut(BaseModel):
    """A session. The token is told once; browsers get it as a cookie as well."""

    access_token: str = Field(description="以 Authorization: Bearer 携带", examples=["zs_6Yx…"])
    token_type: str = Field("bearer", description="固定为 bearer", examples=["bearer"])
    expires_at: datetime = Field(description="到此时无论使用与否均失效", examples=["2026-11-24T20:00:00Z"])
    must_change_password: bool = Field(description="须先修改密码，否则其他接口答复 403", examples=[False])
    user: Me = Field(description="登录者")


class PasswordChange(BaseModel):
    """Old and new password."""

    model_config = ConfigDict(extra="forbid")

    old_password: Secret = Field(description="现密码", examples=["Zhaoshang-2026"])
    new_password: Secret = Field(description="新密码", examples=["Zhaoshang-2027"])


class SessionRow(BaseModel):
    """One of one's own logins."""

    id: int = Field(description="编号", examples=[7])
    current: bool = Field(description="是否即本次请求所用", examples=[True])
    created_at: datetime = Field(description="登录时间", examples=["2026-11-24T08:00:00Z"])
    last_seen_at: datetime = Field(description="最近使用（精确到分钟）", examples=["2026-11-24T08:05:00Z"])
    expires_at: datetime = Field(description="失效时间", examples=["2026-11-24T20:00:00Z"])
    address: str = Field(description="登录地址", examples=["10.1.2.3"])
    agent: str = Field(description="浏览器或程序", examples=["Mozilla/5.0"])


class SessionPage(BaseModel):
    """One's open sessions, newest first."""

    items: list[SessionRow] = Field(description="会话")
    next: None = Field(None, description="恒为 null：不分页")


# -- users -----------------------------------------------------------------------------------------------------


class UserFilter(PageQuery):
    """What the list of users can be asked."""

    q: str | None = Field(None, description="登录名、姓名或拼音的一部分", max_length=60, examples=["xie"])
    role: Role | None = Field(None, description="持有此角色", examples=["reporter"])
    unit: str | None = Field(None, description="责任单位编码", max_length=20, examples=["qjxw"])
    active: bool | None = Field(None, description="是否启用", examples=[True])


class UserRow(BaseModel):
    """One user in a list."""

    login: str = Field(description="登录名", examples=["xieyutong"])
    name: str = Field(description="姓名", examples=["谢雨桐"])
    phone: str | None = Field(description="电话", examples=["023-79222222"])
    unit: str | None = Field(description="责任单位编码", examples=["qjxw"])
    unit_name: str | None = Field(description="责任单位名称", examples=["区经济信息委"])
    roles: list[Role] = Field(description="角色", examples=[["reporter"]])
    active: bool = Field(description="是否启用", examples=[True])
    must_change_password: bool = Field(description="下次登录须修改密码", examples=[False])
    last_login_at: datetime | None = Field(description="最近登录", examples=["2026-11-24T08:00:00Z"])
    locked_until: datetime | None = Field(description="因连续失败锁定至此时（已过则不再锁定）", examples=[None])


class UserIn(BaseModel):
    """A new account. It has no role until a security administrator grants one."""

    model_config = ConfigDict(extra="forbid")

    login: Login = Field(description="登录名：小写字母、数字、. _ -", examples=["xieyutong"])
    name: Annotated[Line, Field(max_length=60)] = Field(description="姓名", examples=["谢雨桐"])
    unit: UnitCode | None = Field(None, description="责任单位编码", examples=["qjxw"])
    phone: Phone | None = Field(None, description="电话", examples=["023-79222222"])


class UserCreated(UserRow):
    """The new account with its first password, which is told only here."""

    initial_password: str = Field(description="初始密码，仅此一次告知，首次登录须修改", examples=["vT7mK2…"])


class UserPatch(BaseModel):
    """A change of an account; null clears unit or phone."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[Line, Field(max_length=60)] | None = Field(None, description="姓名", examples=["谢雨桐"])
    unit: UnitCode | None = Field(None, description="责任单位编码", examples=["qjxw"])
    phone: Phone | None = Field(None, description="电话", examples=["023-79222222"])
    active: bool | None = Field(None, description="false 即停用，并结束其会话", examples=[False])


class RolesIn(BaseModel):
    """All roles the user shall have."""

    model_config = ConfigDict(extra="forbid")

    roles: Annotated[list[Role], Field(max_length=7)] = Field(description="全部角色", examples=[["officer"]])


class NewPassword(BaseModel):
    """A password made by the house."""

    initial_password: str = Field(description="新密码，仅此一次告知，登录后须修改", examples=["vT7mK2…"])


class Ended(BaseModel):
    """How many sessions were ended."""

    ended: int = Field(description="结束的会话数", examples=[2])


# -- keys ------------------------------------------------------------------------------------------------------


class KeyIn(BaseModel):
    """A new key for a machine."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[Line, Field(max_length=60)] = Field(description="用途，不可重名", examples=["数据大屏"])
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=20)] = Field(
        description="权限，只读", examples=[["project.read", "figure.read"]]
    )
    unit: UnitCode | None = Field(None, description="只看该单位所能看的；不填为全部非密封项目", examples=["qjxw"])
    addresses: Annotated[list[Network], Field(max_length=50)] = Field(
        default_factory=list, description="只许从这些地址或网段使用；空为不限", examples=[["10.1.0.0/16"]]
    )
    expires_on: Day = Field(description="最后一天，至多一年后", examples=["2027-06-30"])


class KeyRow(BaseModel):
    """One key in a list; the key itself is never told again."""

    id: int = Field(description="编号", examples=[3])
    name: str = Field(description="用途", examples=["数据大屏"])
    prefix: str = Field(description="开头几位，用以辨认", examples=["zk_6YxT0aQ"])
    scopes: list[Permission] = Field(description="权限", examples=[["project.read"]])
    unit: str | None = Field(description="责任单位编码", examples=[None])
    addresses: list[str] = Field(description="可用地址", examples=[["10.1.0.0/16"]])
    created_at: datetime = Field(description="创建时间", examples=["2026-11-24T08:00:00Z"])
    expires_at: datetime = Field(description="失效时间", examples=["2027-06-30T16:00:00Z"])
    revoked_at: datetime | None = Field(description="吊销时间", examples=[None])
    last_used_at: datetime | None = Field(description="最近使用（精确到分钟）", examples=[None])


class KeyFilter(PageQuery):
    """What the list of keys can be asked. Sort key: `id`."""

    revoked: bool | None = Field(None, description="是否已吊销", examples=[False])


class KeyCreated(KeyRow):
    """The new key, told only here."""

    key: str = Field(description="密钥，仅此一次告知", examples=["zk_6YxT0aQ…"])
