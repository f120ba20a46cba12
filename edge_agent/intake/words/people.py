"""Classes, trainees and what they learnt online."""

from __future__ import annotations

from edge_agent.intake.words.message import ERROR, NOTICE, WARNING, Message

PEOPLE = {
    # Classes.
    "class_twice": Message(
        ERROR, "与第 {row} 行是同一个班级。请删去一行。", "The same class as in row {row}. Delete one."
    ),
    "class_name_taken": Message(
        ERROR,
        "已有同名班级（培训期次ID {code}）。请改名，或填它的期次ID。",
        "A class of this name exists (code {code}). Use another name, or its code.",
    ),
    "class_closed": Message(
        ERROR, "班级“{name}”已结班，不能再导入。", "The class {name} is closed; nothing can be imported into it."
    ),
    "class_updated": Message(NOTICE, "班级“{name}”已有，将更新。", "The class {name} exists and will be updated."),
    "class_other": Message(
        ERROR, "这一行写的不是“{named}”班。请改正，或分别导入。", "This row names another class than {named}. Mend it."
    ),
    "class_assumed": Message(NOTICE, "文件没写班级，按“{name}”导入。", "The file names no class; {name} is taken."),
    "class_unnamed": Message(
        ERROR,
        "不知道导入哪个班级（现有：{names}）。请在表头上方写“班级名称：……”，或选择班级后导入。",
        "The file doesn't say its class (there are: {names}). Write it above the headings, or choose a class.",
    ),
    "class_new": Message(NOTICE, "新建班级草稿“{name}”。", "The class {name} is new and becomes a draft."),
    "class_incomplete": Message(
        NOTICE,
        "新建班级草稿“{name}”，还缺 {missing}，提交开班审核前补齐。",
        "The class {name} becomes a draft; it lacks {missing}, to be given before it is submitted.",
    ),
    "class_differs": Message(
        NOTICE,
        "班级“{name}”的 {fields} 与系统中不同，以系统为准；要改请导入班级表或在班级管理里修改。",
        "{name} stands otherwise in the system ({fields}); that is kept. Change it in the class itself.",
    ),
    "class_dates": Message(
        ERROR,
        "结班时间 {closes} 早于开班时间 {opens}。请改正。",
        "The class closes ({closes}) before it opens ({opens}).",
    ),
    "class_unknown": Message(
        ERROR, "没有班级“{name}”。请先建班或改正。", "There is no class {name}. Make it first, or mend the name."
    ),
    "class_full": Message(
        ERROR,
        "“{name}”将有 {count} 人，超过 {most} 人。请分班；经批准的请先在班级里填写超员批准文号。",
        "{name} would have {count} trainees, more than {most}. Split it, or enter the document that allows it.",
    ),
    "class_exception": Message(
        NOTICE,
        "“{name}”将有 {count} 人，超过 {most} 人，依据：{document}。",
        "{name} would have {count} trainees, more than {most}, allowed by {document}.",
    ),
    "online_over": Message(
        ERROR,
        "线上 {online} 课时多于核定 {required} 课时。请改正。",
        "{online} online periods are more than the {required} approved.",
    ),
    "policy_unknown": Message(
        ERROR, "没有培训规则“{text}”。可用：{known}。", "There is no policy {text}. Known: {known}."
    ),
    # Trainees.
    "trainee_twice": Message(
        ERROR, "与第 {row} 行是同一个人。请删去一行。", "The same person as in row {row}. Delete one."
    ),
    "trainee_known": Message(
        ERROR, "此人已在本班名册里。请核对号码。", "This person is on the class's roster already. Check the number."
    ),
    "document_verified": Message(
        ERROR,
        "已通过实名认证，号码不能再改。请核对，或先在实名认证里审核为不通过。",
        "The identity is verified, so the number stays. Check it, or withdraw the verification first.",
    ),
    "trainee_renamed": Message(
        WARNING,
        "姓名由“{known}”改为“{name}”，须重新实名认证。确认后勾选。",
        "{known} becomes {name} and must be verified again. Tick it if so meant.",
    ),
    "trainee_two_classes": Message(
        WARNING,
        "与第 {row} 行是同一个人，在两个班。确认后勾选。",
        "The same person as in row {row}, in another class. Tick it if so meant.",
    ),
    "trainee_other_class": Message(
        WARNING, "此人已在“{name}”班。确认后勾选。", "This person is in the class {name} already. Tick it if so meant."
    ),
    "trainee_minor": Message(
        NOTICE,
        "不满 {age} 周岁，人脸识别须由监护人同意。",
        "Younger than {age}: a guardian must consent to face recognition.",
    ),
    "trainee_unknown": Message(
        ERROR,
        "此人不在学员名册里。请先导入名册或改正号码。",
        "This person is on no roster. Import the roster first, or mend the id.",
    ),
    "trainee_in_classes": Message(
        ERROR, "此人在多个班级里。请加“班级”列写明。", "This person is in several classes. Add a column for the class."
    ),
    "trainees_stay": Message(
        NOTICE,
        "“{name}”另有 {count} 名学员不在文件里，保留不变。",
        "{count} more trainees of {name} are not in the file; they stay.",
    ),
    "trainees_leave": Message(
        WARNING,
        "“{name}”有 {count} 名学员不在文件里，将退出名册。",
        "{count} trainees of {name} are not in the file and will leave the roster.",
    ),
    "name_private": Message(
        WARNING,
        "姓名里有生僻字的私有编码，别的电脑上会变样。请用标准字重输，或核对后勾选。",
        "The name holds a rare character as a private code that looks otherwise elsewhere. Retype it, or tick this.",
    ),
    "name_differs": Message(
        WARNING,
        "名册里这个号码的姓名是“{known}”，文件里是“{name}”。核对后勾选。",
        "On the roster this id belongs to {known}, in the file to {name}. Check it, then tick this.",
    ),
    "name_twice": Message(NOTICE, "与第 {row} 行同名。", "The same name as in row {row}."),
    "phone_twice": Message(NOTICE, "与第 {row} 行电话相同。", "The same phone number as in row {row}."),
    # Online hours.
    "online_share": Message(
        WARNING,
        "线上 {online} 课时占核定 {required} 课时的 {percent}%，不在 {least}%～{most}% 之间。",
        "{online} online periods are {percent} % of {required}, not {least} to {most} %.",
    ),
    "online_more": Message(
        WARNING,
        "线上 {online} 课时多于核定的线上 {approved} 课时，多出部分不计。",
        "{online} online periods are more than the {approved} approved; the rest doesn't count.",
    ),
    "online_class_share": Message(
        WARNING,
        "“{name}”核定线上 {online} 课时，占 {required} 课时的 {percent}%，不在 {least}%～{most}% 之间。",
        "{name} has {online} of {required} periods online: {percent} %, not {least} to {most} %.",
    ),
}
