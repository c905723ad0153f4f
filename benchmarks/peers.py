"""One update by other packages, with our machine, data and number of sweeps as far as possible.

| package | one update here | difference |
|---|---|---|
| authors | `fitBatchRdm` of the F&F authors' program, from fresh chains as in its `fit` | hidden means are passed on |
| rbms | `fit_batch_pcd` with chains from `init_chains` (its Rdm training), SGD step, gauge | no label: one gradient |
| annadca | F&F composed of its functions: `sample_conditioned`, a label chain, twice `compute_gradient` and SGD | |
| sklearn | `BernoulliRBM.partial_fit` | no label, k = 1, persistent chains, float64; bits only |

`annadca` trains by PCD and has no F&F of its own; the label chain with fixed visibles is a loop over its
`sample_hiddens` and `sample_labels`. Install them with `pip install shortrun[bench]`. The authors' program is no
package: `git clone https://github.com/DsysDML/FeF`, and AUTHORS=FOLDER says where it is. Measured was 51b0fb0 of
October 2024, its `main`.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from benchmarks.cases import Problem
from benchmarks.contestants import RATE, Contestant, Maker


class MissingPeerError(Exception):
    """A package for the comparison is not installed."""


def need(*modules: str) -> None:
    """Raise an error if a package is not installed.

    Raises
    ------
    MissingPeerError
        With the hint how to install it.
    """
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingPeerError(f"{', '.join(missing)} not installed: pip install 'shortrun[bench]'")


def parts(problem: Problem) -> dict[str, Tensor]:
    """Return copies of the parameters under the names that rbms and annadca share; Potts weights are (S, q, H)."""
    visible = problem.model.slices[0].stop
    weight, bias, hidden_bias = (x.clone() for x in problem.model.view(problem.theta))
    shape = (-1,) if problem.sizes["colours"] == 2 else (problem.sizes["sites"], problem.sizes["colours"])
    return {
        "weight_matrix": weight[:visible].unflatten(0, shape).contiguous(),
        "vbias": bias[:visible].view(shape).clone(),
        "hbias": hidden_bias,
        "label_matrix": weight[visible:].clone(),
        "lbias": bias[visible:].clone(),
    }


def joined(named: dict[str, Tensor]) -> Tensor:
    """Return the flat theta of such parameters, labels included: the inverse of `parts`."""
    weight = torch.cat([named["weight_matrix"].flatten(0, -2), named["label_matrix"]])
    bias = torch.cat([named["vbias"].flatten(), named["lbias"]])
    return torch.cat([weight.flatten(), bias, named["hbias"]])


def sgd(parameters: list[Tensor], rate: float) -> torch.optim.SGD:
    """Return the ascent that both packages use, with gradients for them to fill in."""
    for parameter in parameters:
        parameter.grad = torch.zeros_like(parameter)
    return torch.optim.SGD(parameters, lr=rate, maximize=True)


def authors_machine(sites: int, colours: int, classes: int, hidden: int, rows: int, steps: int, rate: float):
    """Return a machine of the F&F authors' program, ready for `fitBatchRdm` on minibatches of this size.

    Raises
    ------
    MissingPeerError
        If no folder is given, or it is another one.
    """
    need("h5py", "tqdm")  # which their files import
    name = "BernoulliBernoulliSslRBM" if colours == 2 else "PottsBernoulliSslRBM"
    file = Path(os.environ.get("AUTHORS", "")) / "src" / "RBMs" / f"{name}.py"
    if not file.is_file():
        told = f"no {file}" if "AUTHORS" in os.environ else "not given"
        raise MissingPeerError(
            f"the F&F authors' program, {told}: git clone https://github.com/DsysDML/FeF; AUTHORS=FeF"
        )
    spec = importlib.util.spec_from_file_location(name, file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    states = {} if colours == 2 else {"num_states": colours}
    machine = module.RBM(num_visible=sites, num_hidden=hidden, num_categ=classes, **states)
    machine.lr = machine.lr_labels = rate
    machine.gibbs_steps, machine.mb_s, machine.num_pcd = steps, rows, rows
    machine.partial_labels = machine.CDLearning = False
    return machine


def authors_update(machine, codes: Tensor, labels: Tensor) -> None:
    """Do one update of the loop of the authors' `fit`, in the mode "Rdm", on visible and label codes."""
    kind, rows = (torch.float32 if machine.num_states == 2 else torch.int64), machine.mb_s
    machine.X_pc = torch.randint(machine.num_states, (rows, machine.Nv), dtype=kind)
    machine.l_pc = torch.randint(machine.num_categ, (rows,))
    machine.fitBatchRdm(codes.to(kind), labels.long())


def authors_parts(machine) -> dict[str, Tensor]:
    """Return copies of a machine's parameters under the names of `parts`; its Potts weights are (q, S, H)."""
    names = {"weight_matrix": "W", "vbias": "vbias", "hbias": "hbias", "label_matrix": "D", "lbias": "lbias"}
    found = {name: getattr(machine, theirs).clone() for name, theirs in names.items()}
    if machine.num_states > 2:
        found |= {name: found[name].transpose(0, 1).contiguous() for name in ("weight_matrix", "vbias")}
    return found


def authors(problem: Problem) -> Contestant:
    """Return the F&F update of the authors' program."""
    sizes, named = problem.sizes, parts(problem)
    machine = authors_machine(
        *(sizes[key] for key in ("sites", "colours", "classes", "hidden", "batch", "steps")), RATE
    )
    if sizes["colours"] > 2:
        named |= {name: named[name].transpose(0, 1).contiguous() for name in ("weight_matrix", "vbias")}
    machine.W, machine.D = named["weight_matrix"], named["label_matrix"]
    machine.vbias, machine.hbias, machine.lbias = (named[name] for name in ("vbias", "hbias", "lbias"))
    codes, labels = problem.batch.state
    return Contestant(lambda: authors_update(machine, codes, labels[:, 0]), note="fitBatchRdm, as in their fit")


def rbms_machine(problem: Problem):
    """Return the machine of rbms and the function that fixes its gauge."""
    from rbms.bernoulli_bernoulli.classes import BBRBM
    from rbms.potts_bernoulli.classes import PBRBM
    from rbms.potts_bernoulli.utils import ensure_zero_sum_gauge

    named = parts(problem)
    kind, gauge = (BBRBM, lambda _: None) if problem.sizes["colours"] == 2 else (PBRBM, ensure_zero_sum_gauge)
    return kind(*(named[key] for key in ("weight_matrix", "vbias", "hbias"))), gauge


def rbms_update(problem: Problem, machine, gauge, rate: float = RATE) -> Callable[[Tensor], None]:
    """Return one update of the loop of rbms' training, in the mode "rdm", as a function of visible codes."""
    from rbms.training.pcd import fit_batch_pcd

    optimiser = sgd(machine.parameters(), rate)

    @torch.no_grad()
    def update(codes: Tensor) -> None:
        batch = codes.float(), torch.ones(len(codes))
        chains = machine.init_chains(len(codes))
        optimiser.zero_grad(set_to_none=False)
        fit_batch_pcd(batch=batch, parallel_chains=chains, params=machine, gibbs_steps=problem.scheme.steps, beta=1.0)
        optimiser.step()
        gauge(machine)

    return update


def rbms(problem: Problem) -> Contestant:
    """Return the Rdm update of rbms."""
    need("rbms")
    update = rbms_update(problem, *rbms_machine(problem))
    return Contestant(lambda: update(problem.batch.state[0]), note="Rdm-k, one gradient, no label")


def annadca_machine(problem: Problem):
    """Return the labelled machine of annadca."""
    from annadca.rbm.binary import annaRBMbin
    from annadca.rbm.categorical import annaRBMcat

    return (annaRBMbin if problem.sizes["colours"] == 2 else annaRBMcat)(parts(problem))


def annadca_update(problem: Problem, machine, rate: float = RATE) -> Callable[[Tensor, Tensor], None]:
    """Return one F&F update made of annadca's functions, as a function of visible and label codes."""
    sizes, scheme = problem.sizes, problem.config.scheme
    weights = {"generate": scheme.generate, "predict": scheme.predict}
    optimisers = {task: sgd(list(machine.params.values()), rate * weight) for task, weight in weights.items()}

    def generated(label: Tensor) -> dict[str, Tensor]:
        end = machine.sample_conditioned(scheme.steps, targets=label)
        return {"visible": end["visible"], "label": label, "hidden": end["hidden"]}

    def predicted(visible: Tensor) -> dict[str, Tensor]:
        label = one_hot(torch.randint(sizes["classes"], (len(visible),)), sizes["classes"]).float()
        for _ in range(scheme.steps):
            hidden = machine.sample_hiddens(visible, label)["hidden"]
            label = machine.sample_labels(hidden)["label"]
        return {"visible": visible, "label": label, "hidden": hidden}

    @torch.no_grad()
    def update(codes: Tensor, labels: Tensor) -> None:
        visible = codes.float() if sizes["colours"] == 2 else one_hot(codes.long(), sizes["colours"]).float()
        label = one_hot(labels.long(), sizes["classes"]).float()
        hidden = machine.sample_hiddens(visible, label)["hidden_mag"]
        data = {"visible": visible, "label": label, "hidden": hidden, "weight": torch.ones(len(codes), 1)}
        chains = {"generate": generated(label), "predict": predicted(visible)}
        for task, optimiser in optimisers.items():
            machine.compute_gradient(data=data, chains=chains[task])
            optimiser.step()
        machine.zerosum_gauge()

    return update


def annadca(problem: Problem) -> Contestant:
    """Return the F&F update composed of annadca's functions."""
    need("annadca")
    update = annadca_update(problem, annadca_machine(problem))
    codes, labels = problem.batch.state
    return Contestant(lambda: update(codes, labels[:, 0]), note="F&F composed of its functions")


def sklearn_machine(problem: Problem, rate: float = RATE):
    """Return scikit-learn's machine."""
    from sklearn.neural_network import BernoulliRBM

    sizes = problem.sizes
    machine = BernoulliRBM(sizes["hidden"], learning_rate=rate, batch_size=sizes["batch"], random_state=0)
    machine.components_ = parts(problem)["weight_matrix"].T.double().numpy().copy(order="F")
    return machine


def sklearn(problem: Problem) -> Contestant | None:
    """Return the PCD-1 update of scikit-learn; None for data that are not bits."""
    need("sklearn")
    if problem.sizes["colours"] != 2:
        return None
    machine, rows = sklearn_machine(problem), problem.batch.state[0].numpy().astype(float)
    return Contestant(lambda: machine.partial_fit(rows), note="PCD, k = 1, no label, float64")


PEERS: dict[str, Maker | Callable[[Problem], Contestant | None]] = {
    "authors": authors,
    "rbms": rbms,
    "annadca": annadca,
    "sklearn": sklearn,
}
