"""The words of engagements: what was done, by whom it was printed, how a follow-up stands, and their Chinese labels."""

from enum import StrEnum


class EngagementKind(StrEnum):
    OUTGOING_VISIT = "outgoing_visit"
    INCOMING_VISIT = "incoming_visit"
    EVENT = "event"
    PROMOTION = "promotion"
    PRESS = "press"
    VIDEO_TALK = "video_talk"
    CLOUD_SIGNING = "cloud_signing"


ENGAGEMENT_KIND_LABELS = {
    EngagementKind.OUTGOING_VISIT: "外出拜访",
    EngagementKind.INCOMING_VISIT: "企业到访",
    EngagementKind.EVENT: "招商活动",
    EngagementKind.PROMOTION: "推介",
    EngagementKind.PRESS: "新闻宣传",
    EngagementKind.VIDEO_TALK: "视频洽谈",
    EngagementKind.CLOUD_SIGNING: "云签约",
}

ONLINE = frozenset({EngagementKind.VIDEO_TALK, EngagementKind.CLOUD_SIGNING})
"""Held on a platform."""
RECEIVES = frozenset({EngagementKind.INCOMING_VISIT, EngagementKind.EVENT, EngagementKind.PROMOTION})
"""To which people come, who can be counted."""


class Half(StrEnum):
    """Half a day."""

    AM = "am"
    PM = "pm"


HALF_LABELS = {Half.AM: "上午", Half.PM: "下午"}


class PressLevel(StrEnum):
    NATIONAL = "national"
    MUNICIPAL = "municipal"
    DISTRICT = "district"
    OTHER = "other"


PRESS_LEVEL_LABELS = {
    PressLevel.NATIONAL: "国家级",
    PressLevel.MUNICIPAL: "市级",
    PressLevel.DISTRICT: "区级",
    PressLevel.OTHER: "其他",
}


class FollowUpState(StrEnum):
    """How a follow-up was left. That an open one is overdue is computed from the date."""

    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"


class FollowUpStanding(StrEnum):
    """How a follow-up stands today."""

    OPEN = "open"
    OVERDUE = "overdue"
    DONE = "done"
    DROPPED = "dropped"


FOLLOW_UP_LABELS = {
    FollowUpStanding.OPEN: "待落实",
    FollowUpStanding.OVERDUE: "已逾期",
    FollowUpStanding.DONE: "已落实",
    FollowUpStanding.DROPPED: "不再落实",
}


FOLLOW_UP_STATE_LABELS = {state: FOLLOW_UP_LABELS[FollowUpStanding(state.value)] for state in FollowUpState}


class Likeness(StrEnum):
    """Why two engagements may be one."""

    SAME_DATES = "same_dates"
    NEAR_DATES = "near_dates"
    SAME_PLACE = "same_place"
    SAME_ENTERPRISE = "same_enterprise"
    SAME_PEOPLE = "same_people"
    SIMILAR_TITLE = "similar_title"
    SAME_LINK = "same_link"


LIKENESS_LABELS = {
    Likeness.SAME_DATES: "日期相同",
    Likeness.NEAR_DATES: "日期重叠或相邻",
    Likeness.SAME_PLACE: "地点相同",
    Likeness.SAME_ENTERPRISE: "企业相同",
    Likeness.SAME_PEOPLE: "人员相同",
    Likeness.SIMILAR_TITLE: "主题相近",
    Likeness.SAME_LINK: "链接相同",
}
