"""The words by which spreadsheets call what we know by a name of our own; the first is the one we write."""

from __future__ import annotations

ORGANISATION_KINDS = {
    "university_committee": ("校党委", "学校党委", "党委", "university_committee"),
    "secondary": ("二级党组织", "院系党委", "二级党委", "党总支", "学院党委", "分党委", "secondary"),
    "branch": ("党支部", "支部", "branch"),
    "group": ("党小组", "小组", "group"),
}
STATUSES = {
    "member": ("正式党员", "中共党员", "党员", "01", "1", "member"),
    "probationary": ("预备党员", "中共预备党员", "02", "2", "probationary"),
    "candidate": ("发展对象", "candidate"),
    "activist": ("入党积极分子", "积极分子", "activist"),
    "applicant": ("入党申请人", "申请人", "申请入党人", "applicant"),
    "none": ("非党员", "民主党派", "none"),
}
# GB/T 4762: who is none of the above, but one of these.
CODES = {
    "03": ("共青团员", "团员", "3"),
    "04": ("民革会员", "民革党员", "4"),
    "05": ("民盟盟员", "5"),
    "06": ("民建会员", "6"),
    "07": ("民进会员", "7"),
    "08": ("农工党党员", "8"),
    "09": ("致公党党员", "9"),
    "10": ("九三学社社员",),
    "11": ("台盟盟员",),
    "12": ("无党派人士", "无党派民主人士"),
    "13": ("群众", "普通公民"),
}
ROLES = {
    "secretary": ("书记", "党支部书记", "支部书记", "党委书记", "党总支书记", "secretary"),
    "deputy_secretary": ("副书记", "党支部副书记", "支部副书记", "党委副书记", "deputy_secretary"),
    "organisation_commissioner": ("组织委员", "organisation_commissioner"),
    "publicity_commissioner": ("宣传委员", "publicity_commissioner"),
    "discipline_commissioner": ("纪检委员", "纪律检查委员", "discipline_commissioner"),
    "group_leader": ("党小组组长", "党小组长", "小组长", "group_leader"),
    "organiser": ("组织员", "专职组织员", "organiser"),
    "administrator": ("组织部", "组织部管理员", "管理员", "administrator"),
    "inspector": ("督查", "督查员", "inspector"),
}
ACTIVITIES = {
    "branch_meeting": ("支部党员大会", "党员大会", "branch_meeting"),
    "branch_committee": ("支部委员会", "支委会", "支部委员会会议", "branch_committee"),
    "group_meeting": ("党小组会", "党小组会议", "group_meeting"),
    "party_lecture": ("党课", "party_lecture"),
    "theme_day": ("主题党日", "主题党日活动", "theme_day"),
    "organisational_life_meeting": ("组织生活会", "organisational_life_meeting"),
    "democratic_appraisal": ("民主评议党员", "民主评议", "democratic_appraisal"),
    "democratic_life_meeting": ("民主生活会", "democratic_life_meeting"),
    "joint_meeting": ("党政联席会", "党政联席会议", "joint_meeting"),
    "study_session": ("学习研讨", "理论学习", "study_session"),
    "heritage_visit": ("红色之旅", "heritage_visit"),
    "integrity_education": ("廉政教育", "integrity_education"),
    "talk": ("谈心谈话", "talk"),
}
SEXES = {
    "male": ("男", "1", "male", "m"),
    "female": ("女", "2", "female", "f"),
    "unknown": ("未知", "未知的性别", "0"),
    "unspecified": ("未说明", "未说明的性别", "9"),
}
FLAGS = {
    True: ("是", "有", "√", "y", "yes", "true", "1"),
    False: ("否", "没有", "×", "n", "no", "false", "0"),
}
