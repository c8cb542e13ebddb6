"""Why a file is refused: every reason once, in words that tell its owner what to do."""

from app.kernel.errors import FieldError, Invalid, TooLarge

REASONS: dict[str, tuple[str, str]] = {
    "empty": ("文件是空的", "The file is empty."),
    "damaged": ("文件已损坏或不完整，请重新导出或扫描后再上传", "The file is damaged or incomplete."),
    "unknown": (
        "无法识别的文件：只接受 PDF、OFD、JPEG、PNG、Word、Excel、PowerPoint、TXT、CSV",
        "Not a file of an accepted type: PDF, OFD, JPEG, PNG, Word, Excel, PowerPoint, TXT, CSV.",
    ),
    "extension": ("不接受扩展名为 .{} 的文件", "Files named .{} are not accepted."),
    "mismatch": (
        "文件内容是 {}，与扩展名 .{} 不符；请使用原始文件，不要改扩展名",
        "The content is {}, the name says .{}.",
    ),
    "archive": ("不接受压缩包，请逐个上传其中的文件", "Archives are not accepted; upload their files one by one."),
    "program": ("不接受可执行程序或脚本", "Programs and scripts are not accepted."),
    "picture": ("不接受这种图片格式，请转为 JPEG 或 PNG", "Convert the picture to JPEG or PNG."),
    "media": ("不接受音视频文件", "Sound and video are not accepted."),
    "rtf": ("不接受 RTF，请另存为 .docx 或 PDF", "RTF is not accepted; save as .docx or PDF."),
    "markup": ("这是网页或 XML 文件，请另存为 PDF 后上传", "Web pages and XML are not accepted; save as PDF."),
    "office": (
        "不接受这种 Office 文件（模板、放映、二进制、旧版演示或旧版 Word），请另存为 .docx、.xlsx、.pptx 或 PDF",
        "This kind of office file is not accepted; save as .docx, .xlsx, .pptx or PDF.",
    ),
    "password": ("文件已加密或设有密码，请去掉密码后再上传", "The file is encrypted; remove its password."),
    "macros": ("文件含有宏，请另存为不含宏的格式或 PDF", "The file has macros; save it without, or as PDF."),
    "embedded": (
        "文件中嵌有其他文件或控件（OLE、ActiveX），请删除后再上传，或另存为 PDF",
        "The file embeds other files or controls; remove them or save as PDF.",
    ),
    "external": (
        "文件引用了外部模板或外部内容，请断开链接后另存，或另存为 PDF",
        "The file refers to a template or content elsewhere; break the links or save as PDF.",
    ),
    "dde": ("文件含有会调用其他程序的 DDE 公式或域，请删除后再上传", "The file has DDE fields or formulas."),
    "doctype": ("文件的内部 XML 含有 DTD 声明，已拒绝", "A part of the file declares a DTD."),
    "bomb": ("文件解压后过大或压缩比异常，已拒绝", "The file grows too much when unpacked."),
    "parts": ("文件内部的条目过多，已拒绝", "The file has too many parts."),
    "paths": ("文件内部有非法或重复的条目名，已拒绝", "A name inside the file is illegal or occurs twice."),
    "nested": ("文件内部含有压缩包或可执行程序，已拒绝", "There is an archive or a program inside the file."),
    "trailing": (
        "文件首尾或夹层有不属于它的内容，请重新导出后再上传",
        "There is content before, after or between that does not belong to the file.",
    ),
    "pdf_active": (
        "PDF 含有脚本、自动动作或动态表单，请用“打印为 PDF”重新生成",
        "The PDF has scripts, actions or dynamic forms; print it to PDF again.",
    ),
    "pdf_attached": (
        "PDF 附带了数据（XML、文本）以外的文件，请删除附件，或用“打印为 PDF”重新生成",
        "The PDF carries files that are not plain data (XML, text); remove them, or print it to PDF again.",
    ),
    "pdf_opaque": (
        "PDF 的内部编码不常见，无法检查，请用“打印为 PDF”重新生成",
        "The PDF is encoded in a way that cannot be checked; print it to PDF again.",
    ),
    "pixels": ("图片尺寸过大（{}×{}），请缩小后再上传", "The picture is too large ({} x {})."),
    "control": (
        "文本含有控制字符，或编码不是 UTF-8、GB18030，请另存为 UTF-8 文本",
        "The text has control characters, or is neither UTF-8 nor GB18030.",
    ),
}


class FileRefused(Invalid):
    """A file that is not let in; `reason` is a key of `REASONS`."""

    code = "file_refused"
    message = "文件未通过检查"
    english = "The file was refused."

    def __init__(self, reason: str, *values: object) -> None:
        chinese, english = (text.format(*values) for text in REASONS[reason])
        super().__init__(chinese, english, errors=[FieldError(field="file", code=reason, message=chinese)])
        self.reason = reason


class FileTooLarge(TooLarge):
    """A file beyond the limit, in bytes."""

    code = "file_too_large"
    message = "文件过大"
    english = "The file is too large."

    @classmethod
    def beyond(cls, limit: int) -> "FileTooLarge":
        shown = f"{limit // 1024 // 1024} MB" if limit >= 1024 * 1024 else f"{limit} B"
        return cls(f"文件过大，至多 {shown}", f"The file is too large; the limit is {shown}.")
