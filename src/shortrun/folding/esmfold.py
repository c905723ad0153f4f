"""ESMFold (Lin et al. 2023) through transformers, in the extra `fold`."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Collection, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from shortrun.errors import ConfigError, DataError, MissingExtraError, printable
from shortrun.settings.scoring import FoldSettings

CA = 1  # the atom37 column of the alpha carbon, whose pLDDT is that of the residue in AlphaFold and its databases too
NEEDED = ("esm.embeddings.", "esm.encoder.", "esm_s_", "embedding.", "trunk.", "lddt_head.")  # for pLDDT
NOISY = ("transformers", "huggingface_hub")  # loggers that say in many lines what our errors say in one


class ESMFold:
    """pLDDT of each residue by ESMFold; the weights are loaded when they are first needed.

    On a GPU the language model computes in half precision, as its authors do; on a CPU everything is in float32.

    Parameters
    ----------
    model : Path or str, optional
        Name of the weights, which are downloaded once, or a folder that holds them (config.json and model.safetensors,
        as `save_pretrained` writes them).
    settings : FoldSettings, optional
        All options as one value.
    options : Any
        Options of `FoldSettings` by keyword: device, precision, chunk.

    Raises
    ------
    ConfigError
        For an unknown device, precision or chunk, and later if the weights cannot be loaded.
    MissingExtraError
        If transformers is not installed.
    """

    def __init__(self, model: Path | str | None = None, settings: FoldSettings | None = None, **options: Any):
        given = options if model is None else options | {"model": str(model)}
        settings = settings or FoldSettings.of(**given)
        self.model, self.device = settings.model, device_of(settings.device)
        self.precision, self.chunk = settings.precision, settings.chunk
        path = Path(self.model)
        self.name = path.resolve().name if path.is_dir() else path.name

    def __call__(self, sequence: str) -> np.ndarray:
        """Return the (residues,) pLDDT of a sequence, 0 to 1."""
        return self.batch([sequence])[0]

    def batch(self, sequences: Sequence[str]) -> list[np.ndarray]:
        """Return the pLDDT of the residues of each sequence; in smaller batches where memory does not suffice.

        Raises
        ------
        DataError
            If memory does not suffice for one sequence.
        """
        network = self.network
        with contextlib.suppress(torch.OutOfMemoryError):
            return folded(network, sequences)
        if len(sequences) == 1:
            hint = "a smaller chunk needs less" if self.chunk != 1 else "fold it on a CPU"
            raise DataError(f"a sequence of {len(sequences[0])} residues does not fit into memory: {hint}")
        half = len(sequences) // 2
        return self.batch(sequences[:half]) + self.batch(sequences[half:])

    @cached_property
    def network(self) -> Any:
        """The network, loaded and in place."""
        network = loaded(self.model)
        cast(network, language_model=torch.float16 if self.device.type == "cuda" else torch.float32)
        if self.precision != "float32":
            narrow(network.trunk, self.device, getattr(torch, self.precision))
        network.trunk.set_chunk_size(self.chunk)
        try:
            return network.to(self.device).eval()
        except torch.OutOfMemoryError:
            raise ConfigError("device", f"the weights do not fit into the memory of '{self.device}'") from None


def folded(network: Any, sequences: Sequence[str]) -> list[np.ndarray]:
    """Return the pLDDT of the residues of sequences that are folded at once, without that of the padding."""
    found = network.infer([*sequences]).plddt[..., CA].float().cpu().numpy()
    return [values[: len(sequence)] for values, sequence in zip(found, sequences, strict=True)]


def device_of(name: str) -> torch.device:
    """Return the device of that name; "auto" is a GPU where there is one."""
    try:
        return torch.empty(
            0, device=("cuda" if torch.cuda.is_available() else "cpu") if name == "auto" else name
        ).device
    except (RuntimeError, AssertionError):
        raise ConfigError("device", f"'{name}' is not a device of this machine, use auto or cpu") from None


def cast(network: Any, language_model: torch.dtype) -> None:
    """Let the language model compute in one type, all that follows in float32."""
    for child in network.children():
        child.to(language_model if child is network.esm else torch.float32)
    network.esm_s_combine.data = network.esm_s_combine.data.float()


def narrow(trunk: Any, device: torch.device, dtype: torch.dtype) -> None:
    """Let a trunk compute in a narrow type; what it returns is wide again, and so are the heads behind it."""
    forward = trunk.forward

    def narrowed(*inputs: Any, **options: Any) -> dict[str, Any]:
        with torch.autocast(device.type, dtype):
            found = forward(*inputs, **options)
        return {name: it.float() if torch.is_floating_point(it) else it for name, it in found.items()}

    trunk.forward = narrowed


def loaded(model: str) -> Any:
    """Return the network of a name or a folder.

    Raises
    ------
    MissingExtraError
        If transformers is not installed.
    ConfigError
        If there are no such weights, they cannot be fetched, or are no ESMFold.
    """
    try:
        from transformers import AutoConfig, EsmForProteinFolding
    except ImportError:
        raise MissingExtraError("transformers", "fold") from None
    if not Path(model).is_dir() and (Path(model).is_absolute() or model.startswith((".", "~")) or model.count("/") > 1):
        raise ConfigError("model", f"'{model}' is no folder")
    with quiet(local=Path(model).is_dir()):
        try:
            config = AutoConfig.from_pretrained(model)
            if not getattr(config, "is_folding_model", False):
                raise ConfigError("model", f"ESMFold expected, '{model}' is {config.model_type or 'another one'}")
            options: dict[str, Any] = {"config": config, "output_loading_info": True}
            found: Any = EsmForProteinFolding.from_pretrained(model, **options)
        except ConfigError:
            raise
        except Exception as error:  # transformers raises many kinds
            hint = "" if Path(model).is_dir() else " (or name a folder that holds the weights)"
            raise ConfigError("model", f"'{model}' cannot be loaded: {reason(error).rstrip('.')}{hint}") from error
    network, told = found
    check(model, network, told["missing_keys"])
    return network


def reason(error: Exception) -> str:
    """Return the beginning of what a library says, in one line."""
    first = (str(error).strip() or type(error).__name__).splitlines()[0]
    return printable(first)


def check(model: str, network: Any, missing: Collection[str]) -> None:
    """Raise ConfigError if parameters that pLDDT depends on are not in the file: they would be random numbers."""
    parameters = {name for name, _ in network.named_parameters()}
    lacking = sorted(name for name in parameters & {*missing} if name.startswith(NEEDED))
    if lacking:
        raise ConfigError("model", f"'{model}' lacks {len(lacking)} parameters, '{lacking[0]}' among them")


@contextlib.contextmanager
def quiet(local: bool) -> Iterator[None]:
    """Silence the libraries' remarks, and for a folder their progress too: only a download takes long."""
    from transformers.utils import logging as bars

    loggers = [logging.getLogger(name) for name in NOISY]
    levels, shown = [logger.level for logger in loggers], bars.is_progress_bar_enabled()
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    if local and shown:
        bars.disable_progress_bar()
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
        if local and shown:
            bars.enable_progress_bar()
