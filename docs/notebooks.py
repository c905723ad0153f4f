"""The tutorials: scripts in docs/tutorials/, executed where their data are, and made into pages of the site.

`python docs/notebooks.py` executes each script whose source has changed since, and keeps it as a notebook with what it
printed and drew. MkDocs makes pages from these notebooks alone, so that the site is built without the data too.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "tutorials"
SOURCE = "source_sha256"  # in the metadata of a notebook: the script that it was executed from
LIMIT = 600  # seconds a cell may take
BESIDE = {  # files of the repository -> pages of the site
    "CHANGELOG.md": "changes.md",
    "CONTRIBUTING.md": "contributing.md",
    "ARCHITECTURE.md": "architecture.md",
    "SECURITY.md": "security.md",
}


def main() -> int:
    """Execute the scripts that have changed; without the data, only say which."""
    stale = [path for path in sorted(HERE.glob("*.py")) if executed_from(path) != digest(path)]
    shared = os.environ.get("SHORTRUN_SHARED")
    for path in stale:
        if shared is None:
            sys.stderr.write(f"{path.name} has changed; set SHORTRUN_SHARED to execute it\n")
        else:
            execute(path, Path(shared).resolve())
    return 0


def digest(path: Path) -> str:
    """Return the hash of a script."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def executed_from(path: Path) -> str | None:
    """Return the hash of the script that the notebook beside a script was executed from; None without one."""
    notebook = path.with_suffix(".ipynb")
    return json.loads(notebook.read_text(encoding="utf-8"))["metadata"].get(SOURCE) if notebook.exists() else None


def execute(path: Path, shared: Path) -> None:
    """Execute a script in an empty folder and keep it as a notebook."""
    import jupytext
    from nbclient import NotebookClient

    notebook = jupytext.read(path)
    os.environ["SHORTRUN_SHARED"] = str(shared)
    with tempfile.TemporaryDirectory() as folder:
        NotebookClient(
            notebook, timeout=LIMIT, kernel_name="python3", resources={"metadata": {"path": folder}}
        ).execute()
    for number, cell in enumerate(notebook.cells):
        cell.metadata, cell["id"] = {}, str(number)  # no times, no random names
    notebook.metadata = {SOURCE: digest(path), "kernelspec": notebook.metadata.get("kernelspec", {})}
    path.with_suffix(".ipynb").write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


# What MkDocs calls


def on_files(files: Any, config: Any) -> Any:
    """Add a page and its pictures for each notebook, and the pages that lie beside the documentation."""
    from mkdocs.structure.files import File

    for source, name in BESIDE.items():
        text = (HERE.parents[1] / source).read_text(encoding="utf-8").replace("](docs/", "](")
        for other, its_name in BESIDE.items():
            text = text.replace(f"]({other})", f"]({its_name})")
        files.append(File.generated(config, name, content=text))
    for path in sorted(HERE.glob("*.ipynb")):
        text, pictures = page(json.loads(path.read_text(encoding="utf-8")), path.stem)
        files.append(File.generated(config, f"tutorials/{path.stem}.md", content=text))
        for name, content in pictures.items():
            files.append(File.generated(config, f"tutorials/{name}", content=content))
    return files


def page(notebook: dict[str, Any], name: str) -> tuple[str, dict[str, bytes]]:
    """Return a notebook as Markdown, and its pictures by their names."""
    parts: list[str] = []
    pictures: dict[str, bytes] = {}
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(source)
        elif not source.startswith("# hidden"):
            parts.append(f"```python\n{source}\n```")
            for content in outputs(cell):
                if isinstance(content, bytes):
                    picture = f"{name}_{len(pictures) + 1}.png"
                    pictures[picture] = content
                    parts.append(f"![What this draws]({picture})")
                else:
                    parts.append(content)
    parts.append(f"[The script of this page]({name}.py){{: download }}")
    return "\n\n".join(parts) + "\n", pictures


def outputs(cell: dict[str, Any]) -> Iterator[str | bytes]:
    """Yield what a cell printed and showed: Markdown or pictures."""
    for each in cell["outputs"]:
        data = each.get("data", {})
        if each["output_type"] == "stream" and each["name"] == "stdout":
            yield f"```text\n{''.join(each['text']).rstrip()}\n```"
        elif "image/png" in data:
            yield base64.b64decode("".join(data["image/png"]))
        elif "text/html" in data:
            yield f'<div class="shown">\n{"".join(data["text/html"])}\n</div>'
        elif "text/plain" in data:
            yield f"```text\n{''.join(data['text/plain'])}\n```"


if __name__ == "__main__":
    sys.exit(main())
