"""The rules of the house that no linter knows."""

import ast
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
APP = sorted((ROOT / "app").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
FLOORS = ("facts", "figures", "published", "exchange", "identity")
DOMAINS = sorted(
    {path.parent for floor in FLOORS for path in (ROOT / "app" / floor).rglob("*.py")} | {ROOT / "app" / "kernel"}
)
LOCKS = ["requirements.lock", "requirements-dev.lock"]


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def places(pattern: str, *, but: tuple[str, ...] = (), within: list[Path] = APP) -> list[str]:
    """Where a pattern occurs in the code of the application, or of other files."""
    found = re.compile(pattern)
    return [
        f"{name(path)}:{number}"
        for path in within
        if name(path) not in but
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if found.search(line)
    ]


def imports(path: Path) -> Iterator[str]:
    """Every module, and every name in it, that a file imports: `a.b` and `a.b.c` for `from a.b import c`."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def importers(file: str, *modules: str) -> list[str]:
    """Which domains' files of that name (`service.py`) import one of these modules or something within them."""
    return [
        f"{name(path)} imports {module}"
        for path in APP
        if path.name == file and path.parent.name != "kernel"
        for module in imports(path)
        if any(module == banned or module.startswith(f"{banned}.") for banned in modules)
    ]


def tracked() -> list[Path]:
    """The files of the project; without git those that are not generated."""
    git = shutil.which("git")
    if git is not None:
        listed = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
        if listed.returncode == 0:
            return [ROOT / file for file in listed.stdout.split("\0") if file and (ROOT / file).is_file()]
    generated = {".venv", ".git", "data", "wheels", "build", "dist", "__pycache__"}
    return [path for path in ROOT.rglob("*") if path.is_file() and not generated & set(path.relative_to(ROOT).parts)]


def test_there_is_one_commit_point() -> None:
    assert places(r"\.commit\(", but=("app/kernel/db.py",)) == []


def test_errors_are_problems_not_http_exceptions() -> None:
    # The handler must know the framework's own, which it turns into a problem; and while the framework reads a
    # body, its own kind is the only one that it lets out.
    assert places(r"raise\s+\w*HTTPException", but=("app/kernel/bodies.py",)) == []
    known = ("app/kernel/errors.py", "app/kernel/bodies.py")
    assert places(r"import.*\bHTTPException\b", but=known) == []


def test_middleware_is_plain_asgi() -> None:
    assert places(r"BaseHTTPMiddleware|\.middleware\(") == []


def test_clocks_are_read_in_one_place() -> None:
    clock = r"(datetime|date)\.(now|today|utcnow)\b|\btime\.time\b"
    assert places(clock, but=("app/kernel/calendar.py",)) == []
    # In the evening of UTC the tests' day would be another than the product's; only this file names those clocks.
    assert places(clock, but=("tests/test_house.py",), within=TESTS) == []


def test_no_test_keeps_a_day_from_its_import() -> None:
    """A run across midnight in Shanghai would compare with yesterday; benchmarks are not judged by days."""
    assert [
        f"{name(path)}:{call.lineno}"
        for path in TESTS
        if path.parent.name != "benchmarks"
        for call in read_at_import(ast.parse(path.read_text()))
        if re.search(r"\b(today|now)$", ast.unparse(call.func))
    ] == []


def read_at_import(node: ast.AST) -> Iterator[ast.Call]:
    """The calls that run when a module is imported: those of decorators and defaults, not of functions' bodies."""
    if isinstance(node, ast.Call):
        yield node
    later = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    for part, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not (later and part == "body"):
                yield from read_at_import(child)


@pytest.mark.parametrize("path", APP, ids=name)
def test_a_file_does_one_job(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 400, "split it by noun"


def test_there_are_no_drawers() -> None:
    drawers = {"utils", "util", "helpers", "helper", "common", "core", "misc", "shared", "base", "manager"}
    stems = {name(path): path.stem for path in APP} | {name(path.parent): path.parent.name for path in APP}
    assert [place for place, stem in stems.items() if stem in drawers] == []


@pytest.mark.parametrize("folder", DOMAINS, ids=name)
def test_a_domain_says_what_it_is(folder: Path) -> None:
    start = folder / "__init__.py"
    assert start.exists(), "a domain begins with its docstring"
    tree = ast.parse(start.read_text())
    docstring = ast.get_docstring(tree)
    assert docstring, "say what this is, whom it serves, what it leans on"
    assert len(docstring.splitlines()) <= 8
    assert len(tree.body) == 1, "nothing but the docstring"


def test_each_file_holds_what_its_name_says() -> None:
    assert importers("schemas.py", "fastapi") == []
    assert importers("service.py", "fastapi", "starlette") == []
    assert importers("queries.py", "fastapi", "starlette") == []
    assert importers("models.py", "fastapi", "starlette", "pydantic.BaseModel", "sqlalchemy.select") == []
    assert (
        importers("routes.py", *(f"sqlalchemy.{verb}" for verb in ("select", "insert", "update", "delete", "text")))
        == []
    )
    assert importers("rules.py", "sqlalchemy", "fastapi") == []


def test_the_kernel_knows_no_domain() -> None:
    floors = re.compile(r"^app\.(?!kernel\b)")
    kernel = [path for path in APP if path.is_relative_to(ROOT / "app" / "kernel")]
    assert [
        f"{name(path)} imports {module}" for path in kernel for module in imports(path) if floors.match(module)
    ] == []


def test_files_are_judged_by_one_way_in() -> None:
    within = ROOT / "app" / "kernel" / "inspection"
    entry = {f"app.kernel.inspection.{file}" for file in ("examine", "names", "refusal")}
    assert [
        f"{name(path)} imports {module}"
        for path in APP
        if not path.is_relative_to(within)
        for module in imports(path)
        if module.startswith("app.kernel.inspection") and not any(module.startswith(one) for one in entry)
    ] == []


def test_nothing_tells_where_it_was_made() -> None:
    """Neither the folders of a machine nor the addresses of package registries are in any file."""
    # Written so that this file does not find itself.
    folders = ["work" + "/main", "work" + "/shared", "tmp" + "/plan", "root" + r"/\w"]
    hosts = ["pypi" + r"\.org", "python" + r"hosted\.org", "registry" + r"\.npmjs", "deb" + r"ian\.org/debian"]
    banned = re.compile("|".join([*(rf"(?<![\w.])/{folder}" for folder in folders), *hosts]))
    told = []
    for path in tracked():
        try:
            lines = path.read_text().splitlines()
        except UnicodeDecodeError:
            continue
        told += [f"{name(path)}:{number}" for number, line in enumerate(lines, 1) if banned.search(line)]
    assert told == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_versions_and_hashes_only(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "://" not in text
    assert "--index" not in text
    pinned = re.findall(r"^([\w.-]+)(?:\[.*\])?==", text, re.MULTILINE)
    blocks = re.split(r"^(?=[\w.-]+(?:\[.*\])?==)", text, flags=re.MULTILINE)[1:]
    assert pinned and all("--hash=sha256:" in block for block in blocks)


def test_every_dependency_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    wanted = {
        "requirements.lock": project["project"]["dependencies"] + groups["build"],
        "requirements-dev.lock": project["project"]["dependencies"] + groups["build"] + groups["dev"],
    }
    for lock, requirements in wanted.items():
        locked = set(re.findall(r"^([\w.-]+)(?:\[.*\])?==", (ROOT / lock).read_text(), re.MULTILINE))
        names = {re.split(r"[\[><=~!; ]", requirement)[0] for requirement in requirements}
        assert names - locked == set(), f"{lock}: run `make lock`"
