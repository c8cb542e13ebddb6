"""The words real ledgers use for our headings and labels. Data, found in ledgers; add a word where it belongs.

Lines are `target: words`. In headings `开工*` stands for 开工日期, 开工时间, 实际开工日期 and 实际开工时间.
"""

from collections.abc import Iterator

PROJECT_HEADINGS = """
code: 项目编码 系统编号
name: 项目 名称 项目名 招商项目名称 签约项目名称 招商项目 签约项目
aliases: 又名 曾用名 项目别名 其他名称 原名 简称 项目简称
kind: 项目类别 项目种类 用地方式
enterprise: 投资方 投资主体 项目业主 业主 业主单位 投资单位 企业名称 投资人 投资商 投资公司 项目单位
enterprise: 项目业主单位 客商 投资方名称 业主名称 投资企业名称 签约企业 投资企业(业主) 项目投资方 项目投资主体
enterprise: 引进企业 企业 公司名称 投资业主 实施主体 项目实施主体 建设主体
uscc: 信用代码 社会信用代码 统一信用代码 企业信用代码
ownership: 企业类型 所有制 所有制性质 投资主体性质 企业属性 业主性质 投资方性质
origin_region: 投资来源地 资金来源地 投资方所在地 企业所在地 企业来源地 引资地 来源地区 来源省市 投资方来源地
origin_region: 企业来源 客商来源
industry: 行业 所属行业 行业类别 国民经济行业 行业分类 国民经济行业代码
sector: 产业 产业类型 产业分类 所属产业 三次产业 产业门类 产业属性
chain: 所属产业链 产业链条 产业链名称
park: 所在园区 落户园区 落地园区 入驻园区 产业园 产业园区
place: 项目地点 建设地址 项目选址 选址 落户地 落地地点 地址 项目所在地 建设位置 项目地址 落户地点 拟选址
longitude: 东经
latitude: 北纬
unit: 牵头单位 责任部门 牵头部门 牵头责任单位 招商责任单位 引进单位 招商单位 跟踪单位 项目责任单位 招商责任部门
unit: 承办单位 主要责任单位 牵头招商单位
co_units: 配合单位 协办单位 成员单位 配合部门 协同部门 协助单位 参与单位
officer: 责任人 经办人 招商专员 项目专员 跟进人 负责人 跟踪责任人 项目责任人 联络员
leader: 区领导 联系领导 包联领导 牵头领导 联系区领导 挂钩领导 责任领导 分管领导 包联区领导 分管区领导
channel: 招商方式 引进方式 渠道 项目来源 信息来源 引资方式
stage: 项目阶段 进展阶段 当前阶段 所处阶段 推进阶段 洽谈阶段 谈判阶段
status: 项目状态 推进状态
confidentiality: 公开级别 保密级别 公开程度
investment: 总投资额 投资总额 计划总投资 计划投资 项目总投资 投资规模 概算总投资 拟投资额 计划投资额 总投资规模
investment: 预计总投资 计划总投资额 项目总投资额 估算总投资
framework_on: 框架协议* 框架签订* 意向签订* 框架协议签订* 意向协议签订* 意向协议* 框架*
framework_amount: 意向金额 框架金额 意向投资额 框架协议投资额 意向协议金额 框架协议资金
contract_no: 合同号 协议编号 协议号 合同文号
signed_on: 签约* 签订* 签署* 合同签订* 协议签订* 正式签约* 正式合同签订* 合同签约* 项目签约* 合同日期
contract_amount: 合同引资 合同引资额 签约金额 签约额 合同额 合同投资额 合同总额 合同总金额 合同协议金额
contract_amount: 正式合同金额 合同资金 引资额 引资金额 协议引资 协议引资额 签约投资额 签约资金
funds: 累计到位资金 到位金额 资金到位 实际到位资金 累计到位 累计到位金额 资金到位额 累计实际到位资金 到资额
funds: 到位额 到位资金额 到位资金累计 实际到位 资金到位情况 截至目前到位资金 截至目前累计到位资金 累计资金到位
funds_on: 到位* 资金到位* 最近到位* 到资*
received_on: 接洽* 首次接洽* 线索* 线索获取* 信息获取* 接触*
talk_on: 首谈* 洽谈* 首次洽谈* 对接* 首次对接*
registered_on: 注册* 工商注册* 公司注册* 企业注册* 注册登记* 注册落地* 落地*
approved_on: 立项* 备案* 立项备案* 项目备案* 项目立项*
land_on: 供地* 摘地* 拿地* 土地出让* 租赁* 供地租赁* 供地/租赁* 土地摘牌*
started_on: 开工* 开工建设* 动工* 项目开工*
completed_on: 竣工* 完工* 建成* 竣工验收* 项目竣工*
production_on: 投产* 投产运营* 投产达效* 开业* 投运* 项目投产*
full_capacity_on: 达产* 达产达效* 全面达产*
national_code: 国家代码 投资项目代码 项目统一代码 项目代码 备案代码 立项代码 投资项目统一代码 项目赋码
land_mu: 用地 占地面积 用地规模 供地面积 土地面积 用地需求 占地
jobs: 用工 就业人数 带动就业 用工人数 解决就业 预计用工 吸纳就业 带动就业人数
output: 年产值 预计产值 达产产值 预期产值 达产年产值 产值 预计年产值
tax: 年税收 预计税收 达产税收 年纳税 税收 年税收贡献 预计年税收 达产年税收
problem: 问题 困难问题 存在的问题 存在困难 需协调事项 存在问题及困难 存在的困难和问题 存在的困难及问题
problem: 困难和问题 需协调解决的问题 存在问题及建议
note: 说明 备注说明 其他说明
progress: 进展情况 项目进展情况 目前进展 工作进展 推进情况 项目进度 进度 建设进度 建设进展 最新进展 进展
progress: 形象进度
content: 项目内容 建设规模 主要建设内容 项目简介 建设内容及规模 建设规模及内容 项目概况 投资内容 主要内容
entry_year: 年份 年度 入库年份
"""

# 投资额 alone may be the contract's amount or the whole investment; the row decides, and the reading is reported.
AMBIGUOUS_AMOUNTS = """
contract_amount: 投资额 协议投资额 协议金额 协议资金 投资金额 协议总投资 合同协议投资额 协议投资金额 项目投资额
"""

AGREEMENT_HEADINGS = """
code: 项目编码 系统编号
name: 项目 名称 项目名 招商项目名称 签约项目名称 招商项目 签约项目
agreement_type: 合同类型 协议种类 合同种类 协议类别 合同类别
contract_no: 合同号 协议编号 协议号 合同文号
signed_on: 签约* 签订* 签署* 合同签订* 协议签订* 正式签约* 正式合同签订* 合同签约* 项目签约* 合同日期 日期 时间
contract_amount: 合同引资 合同引资额 签约金额 签约额 合同额 合同投资额 合同总额 合同总金额 合同协议金额
contract_amount: 正式合同金额 合同资金 引资额 引资金额 协议引资 协议引资额 签约投资额 签约资金 投资额 协议投资额
contract_amount: 协议金额 协议资金 投资金额 协议总投资 合同协议投资额 协议投资金额 项目投资额 金额
increment: 增资额 增资 增加投资 新增投资 增资扩股金额
parties: 签约方 签约双方 合同主体 协议主体 甲乙方 乙方 签约单位 签约企业 投资企业 投资方 投资主体
note: 说明 备注说明 其他说明
"""

FUNDS_HEADINGS = """
code: 项目编码 系统编号
name: 项目 名称 项目名 招商项目名称 签约项目名称 招商项目 签约项目
arrived_on: 到位* 资金到位* 到资* 入账* 日期 时间
amount: 到位资金 金额 本次到位金额 到资金额 资金到位 到位额 实际到位资金 本次到位 到位资金额 本次到位资金
source: 来源 资金来源地 来源地
fund_kind: 资金类型 到位方式 出资方式 资金类别 性质
note: 说明 备注说明 其他说明
"""

IGNORED_HEADINGS = "序号 编号 序 No no NO. 行号 项目个数 个数"

LABEL_WORDS = """
kind industry_land: 工业供地 供地 工业用地 供地项目 工业项目 新建工业
kind lease: 租赁 厂房租赁 标准厂房 租用厂房 租赁标准厂房 租赁项目 租厂房 轻资产
kind services: 服务业项目 现代服务业 商贸服务 第三产业 三产 商贸 旅游 文旅
kind agriculture: 农业项目 现代农业 种植业 养殖业 种养殖 第一产业 一产
kind headquarters: 总部经济 总部项目
kind revitalisation: 盘活 存量盘活 盘活项目 重组 盘活存量资产 盘活闲置资产
stage lead: 线索项目 信息 储备 储备项目 项目线索 意向线索 跟踪
stage talk: 在谈项目 洽谈 洽谈中 正在洽谈 在洽谈 对接 对接中 正在对接 跟踪洽谈 谈判 谈判中 考察 在谈中 接洽
stage framework: 框架 意向 框架协议 意向协议 已签框架 签订框架协议 已签框架协议 签订意向协议 意向/框架 意向签约
stage framework: 框架签约
stage signed: 已签约 签约项目 正式签约 已签 签订合同 签约未开工 已签约未开工 已签合同 已签正式合同 新签约
stage signed: 正式合同 签订正式合同 签约阶段
stage registered: 注册 已注册 落地 已落地 注册公司 已注册公司 工商注册 落地注册
stage approved: 已立项 备案 已备案 立项备案 完成立项
stage land: 供地 已供地 拿地 摘地 已拿地 租赁 供地/租赁 已摘地 已租赁 土地出让
stage started: 已开工 在建 开工建设 建设中 已开工建设 动工 开工在建 在建项目 开工项目 正在建设 施工 施工中
stage started: 新开工
stage completed: 已竣工 完工 建成 已建成 已完工 竣工项目 已建成未投产
stage production: 已投产 投产项目 试生产 运营 已运营 投产运营 建成投产 投运 已投运 开业 已开业 正式投产 投入运营
stage full_capacity: 已达产 达产达效 全面达产
status active: 正常 正常推进 推进 在推进 正在推进 有效 进行中 顺利推进
status paused: 暂停 停滞 停工 缓建 搁置 已暂停 停建
status terminated: 已终止 取消 解约 解除 已解约 终止合作 已取消 作废
status withdrawn: 已退出 撤资 退出项目
ownership central_soe: 中央企业 央属企业 中央国企 央属国企 国务院国资委企业 中直企业 央企子公司 央企控股
ownership local_soe: 省属国企 市属国企 区属国企 地方国有企业 地方国有 市属国有企业 区属国有企业 省属国有企业
ownership local_soe: 市属企业
ownership private: 民营 民营企业 私营 私营企业 私企 民资 民间投资 个体 民营资本 民营独资
ownership foreign: 外资 外资企业 外商独资 外商投资 外商投资企业 外商 外商独资企业 外国企业 外资独资
ownership hmt: 港资 台资 澳资 港澳台 港澳台企业 港澳台投资 港商独资 台商独资 港商 台商 台资企业 港资企业
ownership hmt: 港澳台商 港澳台商投资 港澳台独资
ownership other: 集体 集体企业 事业单位 合作社 其它
sector agriculture: 第一产业 一产 现代农业 农林牧渔 农林牧渔业 农业项目 农业产业 种植业 养殖业 种养殖业
sector industry: 制造业 新型工业 工业项目 工业类 先进制造业 工业制造 农产品加工业
sector construction: 建筑 建筑类 建筑业项目
sector services: 现代服务业 第三产业 三产 服务业项目 商贸 商贸服务 旅游 文旅 商贸物流 物流 服务业类 商贸服务业
sector services: 生活性服务业 生产性服务业 文化旅游
channel online: 云招商 网络 网络招商 视频 云签约 线上招商 网上
channel event: 招商活动 会议 推介会 展会 节会 活动招商 会展 会展招商 招商推介
channel by_business: 以商引商 以企招商 以商招企 以企引企
channel commissioned: 委托招商 中介 第三方 中介招商
channel stationed: 驻点招商 驻外招商 驻外
channel direct: 自主招商 主动招商 上门 上门招商 外出 外出招商 小分队招商 自行对接 小分队
confidentiality open: 不涉密 非涉密 可公开
confidentiality internal: 内部资料 内部公开
confidentiality sealed: 保密 涉密 封存
agreement_type intent: 意向 意向协议 意向合同 投资意向书 合作意向书
agreement_type framework: 框架 框架合同 合作框架协议 投资框架协议 框架合作协议
agreement_type strategic: 战略 战略合作 战略合作协议 战略合作框架协议
agreement_type formal: 正式 合同 投资合同 正式协议 投资协议 招商合同 正式投资合同 正式投资协议 项目投资合同
agreement_type formal: 投资协议书
agreement_type supplement: 补充 补充合同 增资协议 增资补充协议 补充投资协议
source outside_city: 市外资金 国内市外 市外内资 外省 省外
source outside_district: 区外 市内 区外市内 市内资金 市内区外资金 区外资金
source local: 本区 区内资金 本地
source foreign: 境外资金 外资 国外 海外 港澳台
fund_kind equity: 股本 自有资金 资本金 股权投资 注册资本 自有 货币 现金 自筹
fund_kind loan: 银行贷款 借款 融资 信贷
fund_kind equipment: 设备投资 实物 设备款 设备投入
fund_kind land: 土地款 土地出让金 购地 土地投资 土地投入
fund_kind other: 其它
"""

# Words that could mean two things: they are read, and the reading is reported.
UNCERTAIN_LABEL_WORDS = """
kind industry_land: 工业 制造业 第二产业 二产
ownership local_soe: 国企 国有企业 国有 国有控股 国资 国有独资 国有资本
ownership foreign: 中外合资 中外合作 中外合资企业
ownership other: 混合所有制 股份制 混合所有
stage signed: 未开工 待开工 拟开工
stage started: 续建
status paused: 中止 已中止
status withdrawn: 流失
sector industry: 第二产业 二产 农产品加工 能源
sector services: 房地产 商业 康养 教育 医疗
confidentiality sealed: 秘密 机密
confidentiality internal: 一般
agreement_type formal: 协议
agreement_type strategic: 合作协议
source outside_city: 区外(市外)
"""

# What a column of kinds says about the sector besides.
SECTOR_OF_KIND = """
industry: 工业 工业项目 制造业
agriculture: 农业 农业项目
services: 服务业 服务业项目
"""


def entries(block: str) -> Iterator[tuple[str, str]]:
    """(target, word) for every word of a block, in order."""
    for line in block.strip().splitlines():
        target, _, words = line.partition(":")
        for word in words.split():
            if word.endswith("*"):
                stem = word[:-1]
                for spelled in (f"{stem}日期", f"{stem}时间", f"实际{stem}日期", f"实际{stem}时间"):
                    yield target, spelled
            else:
                yield target, word
