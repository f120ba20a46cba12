"""Lessons, rooms and teachers."""

from __future__ import annotations

from edge_agent.intake.words.message import ERROR, NOTICE, WARNING, Message

LESSONS = {
    # Lessons.
    "lesson_no_end": Message(
        ERROR,
        "没有课时数，也没有结束时间。请至少填一项。",
        "Neither periods nor an end are given. Fill in one of them.",
    ),
    "lesson_short": Message(
        ERROR,
        "{minutes} 分钟不够 {periods} 课时（每课时 {length} 分钟）。请改时间或课时。",
        "{minutes} minutes are too short for {periods} periods of {length}. Mend the time or the periods.",
    ),
    "lesson_long": Message(
        ERROR,
        "{minutes} 分钟比 {periods} 课时（每课时 {length} 分钟）多 {rest} 分钟，不知怎样分配。请改正或分行填写。",
        "{minutes} minutes are {rest} more than {periods} periods of {length}. Mend them, or write several rows.",
    ),
    "lesson_breaks": Message(
        ERROR,
        "{minutes} 分钟减去 {periods} 课时（每课时 {length} 分钟）余 {rest} 分钟，与课间休息 {given} 分钟不符。",
        "{minutes} minutes less {periods} periods of {length} leave {rest}; breaks of {given} don't fit. Mend them.",
    ),
    "periods_differ": Message(
        ERROR,
        "写的是 {said} 课时，时间却是 {found} 课时。请改正。",
        "The row says {said} periods, its times make {found}. Mend one of them.",
    ),
    "breaks_guessed": Message(
        WARNING,
        "按 {periods} 课时（每课时 {length} 分钟）、中间每次休息 {each} 分钟安排。请核对后勾选，或把“课间休息”写明。",
        "Taken as {periods} periods of {length} minutes with breaks of {each}. Check and tick it, or write the break.",
    ),
    "lesson_split": Message(
        NOTICE,
        "{periods} 课时超过一次打卡的上限，拆成 {sizes}，各打一次卡。",
        "{periods} periods are more than one sign-in covers; they are split {sizes}, each with its own.",
    ),
    "rest_skipped": Message(NOTICE, "“{text}”不是课，没有导入。", "“{text}” is no lesson and is left out."),
    "kind_inferred": Message(
        NOTICE,
        "“{text}”按开班/结业考核当天标记，供现场检查。",
        "“{text}” is marked as the opening or the exam, for inspection.",
    ),
    "lesson_past": Message(
        WARNING,
        "这次课已经开始或结束，导入后不会补出录像和打卡。若仍要登记请勾选。",
        "This lesson has begun already; importing it brings back no recording or attendance. Tick this to keep it.",
    ),
    "lesson_begun": Message(
        ERROR,
        "这次课已经开始，不能用导入修改。请在课表里更正并写明原因。",
        "This lesson has begun and can't be changed by an import. Correct it in the timetable, with a reason.",
    ),
    "lesson_running": Message(
        ERROR,
        "这次课已经开始，不能再改。请用提前下课、延时下课或代课，并写明原因。",
        "This lesson has begun and can't be edited any more. End it early, overrun or substitute, with a reason.",
    ),
    "lesson_none": Message(ERROR, "这不是课，没有保存。请改课程名称。", "This is no lesson. Give it another subject."),
    "lessons_stay": Message(
        NOTICE,
        "“{name}”另有 {count} 次课不在文件里，保留不变。",
        "{count} more lessons of {name} are not in the file; they stay.",
    ),
    "lessons_leave": Message(
        WARNING,
        "“{name}”有 {count} 次课不在文件里，将取消。",
        "{count} lessons of {name} are not in the file and will be cancelled.",
    ),
    "hours_differ": Message(
        NOTICE,
        "“{name}”课表共 {planned} 课时，核定线下 {wanted} 课时。",
        "The timetable of {name} has {planned} periods; {wanted} are approved for the room.",
    ),
    "lessons_overlap": Message(
        ERROR,
        "与{other}的课时间重叠（同一班级）。请改正。",
        "It overlaps another lesson of its class ({other_en}). Mend one.",
    ),
    "subgroups_overlap": Message(
        ERROR,
        "与{other}的课同时使用同一教室或讲师（同班不同组）。请改正。",
        "Another group of the class has the same room or teacher at that time ({other_en}). Mend one.",
    ),
    "room_overlap": Message(
        WARNING,
        "与{other}的课同时占用同一教室。确认后勾选。",
        "The room is taken at that time ({other_en}). Tick it if so meant.",
    ),
    "teacher_overlap": Message(
        WARNING,
        "讲师同时还有{other}的课。确认后勾选。",
        "The teacher has another lesson then ({other_en}). Tick it if so meant.",
    ),
    "trainees_overlap": Message(
        WARNING,
        "有 {count} 名学员同时还要上{other}的课。确认后勾选。",
        "{count} trainees have another lesson then ({other_en}). Tick it if so meant.",
    ),
    # Rooms and teachers.
    "room_none": Message(
        NOTICE,
        "有的课没写教室，找不到对应的摄像头，需要在监控任务里关联设备。",
        "Some lessons name no room, so no camera; associate one in their recording tasks.",
    ),
    "room_assumed": Message(NOTICE, "没写教室的课按“{name}”安排。", "Lessons without a room take place in {name}."),
    "room_new": Message(
        NOTICE, "新教室“{name}”，导入后请绑定摄像头。", "The room {name} is new; bind its cameras after the import."
    ),
    "teacher_none": Message(NOTICE, "没有写讲师。", "No teacher is named."),
    "teacher_new": Message(
        NOTICE, "讲师“{name}”是新的，登记为待区县确认。", "The teacher {name} is new, to be confirmed (待区县确认)."
    ),
    "teacher_unknown": Message(
        WARNING,
        "“{name}”不在区县讲师名单里。请核对姓名；若属实请勾选，将登记为待区县确认。",
        "{name} is not on the district's list. Check the name, or tick this: it will show as 待区县确认.",
    ),
    "teacher_ambiguous": Message(
        WARNING,
        "有多位讲师叫“{name}”，取其中一位。请核对。",
        "Several teachers are called {name}; one was taken. Check it.",
    ),
    "teachers_several": Message(
        NOTICE,
        "写了多位讲师，以“{first}”为授课讲师，其余计入本班讲师。",
        "Several teachers are named: {first} gives the lesson, the others count as teachers of the class.",
    ),
    "teacher_twice": Message(
        ERROR, "与第 {row} 行是同一位讲师。请删去一行。", "The same teacher as in row {row}. Delete one."
    ),
    "teachers_few": Message(
        WARNING,
        "“{name}”{trainees} 名学员至少要 {needed} 名讲师，现有 {teachers} 名。",
        "{name} has {trainees} trainees and needs {needed} teachers; it has {teachers}.",
    ),
    "teachers_part_time": Message(
        WARNING, "“{name}”至少要 {needed} 名专职讲师。", "{name} needs at least {needed} full-time teacher."
    ),
}
