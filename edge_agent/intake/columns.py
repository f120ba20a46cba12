"""The columns of every kind of file, by all the names that offices give them.

The first name of each is the one in templates and messages. `docs/intake.md` lists them; a test holds both together.
"""

from __future__ import annotations

from edge_agent.intake.table import Field, Layout

# A class, as a row of its own list or in lines above a roster or timetable.
CODE = Field(
    "code",
    "培训期次ID|期次ID|培训期次|期次编号|培训期次编号|班级编号|班级代码|开班编号|class code|class id",
    required=True,
)
CLASS_NAME = Field("name", "班级名称|培训班名称|培训班级|班次名称|班级|班名|开班名称|class name|class", required=True)
CATEGORY = Field("category", "培训类别|培训工种|职业工种|工种|培训项目|培训专业|职业|category")
OPENS = Field("opens", "开班时间|开班日期|开课日期|开课时间|培训开始日期|开始日期|opens|opening date", required=True)
CLOSES = Field("closes", "结班时间|结班日期|结业日期|结业时间|培训结束日期|结束日期|closes|closing date", required=True)
REQUIRED = Field("required", "核定课时|核定学时|总课时|总学时|培训课时|培训学时|课时数|required periods", required=True)
ONLINE_REQUIRED = Field("online", "线上课时|线上学时|其中线上课时|其中线上|online periods")
EXCEPTION = Field("exception", "超员批准文号|超额批准文号|超员文号|size exception")
POLICY = Field("policy", "培训规则|规则|policy")
SPAN = Field("span", "培训时间|培训日期|培训期限|起止时间|起止日期|培训起止时间|培训起止日期|dates")
CLASSES = Layout((CODE, CLASS_NAME, CATEGORY, OPENS, CLOSES, REQUIRED, ONLINE_REQUIRED, EXCEPTION, POLICY))
LABELS = (*CLASSES.fields, SPAN)

NAME = Field("name", "姓名|学员姓名|学生姓名|参训人员姓名|人员姓名|名字|name|trainee", required=True)
DOCUMENT = Field(
    "document",
    "身份证号码|身份证号|身份证|证件号码|证件号|公民身份号码|居民身份证号码|居民身份证号|有效证件号码|身份证件号码|身份证编号"
    "|resident id|id number|document number",
    required=True,
)
DOCUMENT_TYPE = Field("document_type", "证件类型|证件种类|证件名称|身份证件类型|document type")
PHONE = Field("phone", "手机号码|手机号|手机|联系电话|联系方式|电话|电话号码|移动电话|本人电话|联系手机|phone|mobile")
SUBGROUP = Field("subgroup", "分组|小组|组别|班组|subgroup|group", down=True)
CLASS = Field(
    "class", "班级|班级名称|培训班名称|培训班级|所在班级|培训期次ID|期次ID|培训期次|class|class code", down=True
)
ONLINE = Field(
    "online", "线上课时|线上学时|线上培训课时|线上培训学时|线上已学课时|已学课时|已完成学时|学习课时|online periods"
)
CERTIFICATE = Field("certificate", "证书编号|证书号码|证书号|合格证书编号|结业证书编号|certificate")
ROSTER = Layout((NAME, DOCUMENT, DOCUMENT_TYPE, PHONE, SUBGROUP, CLASS, ONLINE, CERTIFICATE), LABELS)
ONLINE_DONE = Field(ONLINE.name, ONLINE.names, required=True)
ONLINE_HOURS = Layout((NAME, DOCUMENT, ONLINE_DONE, CERTIFICATE, CLASS), LABELS)

DATE = Field("date", "日期|上课日期|授课日期|培训日期|课程日期|年月日|date", down=True)
TIME = Field(
    "time",
    "上课时间|时间|开始时间|授课时间|时间段|上课时段|时段|起止时间|培训时间|上课起始时间|课程时间"
    "|start|start time|time",
    required=True,
)
END = Field("end", "结束时间|下课时间|终止时间|end|end time")
PERIODS = Field("periods", "课时|课时数|学时|学时数|节数|课时节|periods")
BREAK = Field("break", "课间休息|课间|课间分钟|休息分钟|课间休息分钟|break|break minutes")
SUBJECT = Field(
    "subject",
    "课程|课程名称|授课内容|培训内容|教学内容|课程内容|内容|科目|授课课程|课题|章节内容|培训课程|subject|course",
    down=True,
)
TEACHER = Field(
    "teacher",
    "讲师|授课教师|授课老师|任课教师|任课老师|教师|老师|主讲教师|授课讲师|教师姓名|讲师姓名|授课人|teacher",
    down=True,
)
ROOM = Field("room", "教室|上课地点|授课地点|培训地点|教学地点|地点|场地|上课教室|教学场地|room|place", down=True)
KIND = Field("kind", "类型|课程类型|课次类型|上课类型|kind|type")
TIMETABLE = Layout((DATE, TIME, END, PERIODS, BREAK, SUBJECT, TEACHER, ROOM, CLASS, SUBGROUP, KIND), LABELS)

TEACHER_NAME = Field("name", "姓名|讲师姓名|教师姓名|讲师|教师|老师|name|teacher", required=True)
FULL_TIME = Field("full_time", "专职兼职|专兼职|是否专职|专职|教师类型|讲师类型|聘用形式|full time", required=True)
TEACHER_NUMBER = Field("number", "讲师编号|教师编号|师资编号|编号|teacher id|number")
TEACHER_CLASSES = Field("classes", "班级|任教班级|授课班级|班级名称|培训期次ID|classes|class")
TEACHERS = Layout((TEACHER_NAME, FULL_TIME, PHONE, TEACHER_NUMBER, TEACHER_CLASSES))
