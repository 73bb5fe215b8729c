"""Saving a picture where matplotlib is installed."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def save(name: str, draw: Callable[[Any], None], folder: Path | None = None) -> Path | None:
    """Draw on a new figure and save it as `name`.png.

    Parameters
    ----------
    name : str
        What the file is called.
    draw : callable
        Takes a matplotlib figure.
    folder : Path, optional
        Where it goes; `pictures` in the current directory if not given.

    Returns
    -------
    Path or None
        The file, or None without matplotlib.
    """
    if importlib.util.find_spec("matplotlib") is None:
        print("(no picture: matplotlib is not installed)")
        return None
    figure_module: Any = importlib.import_module("matplotlib.figure")
    figure = figure_module.Figure(figsize=(9.0, 5.5), layout="constrained")
    draw(figure)
    folder = Path("pictures") if folder is None else folder
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.png"
    figure.savefig(path, dpi=110)
    print(f"picture: {path}")
    return path
