"""Folding of proteins: a tiny ESMFold through the real loading code, results that go on, the comparison, the verb."""

from __future__ import annotations

import builtins
import json
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import stats

import shortrun as sr
from command_line import good, refused
from shortrun import folding, plots, workflows
from shortrun.errors import ConfigError, DataError, FormatError, MissingExtraError
from shortrun.folding import ESMFold, Results, batches, mean_plddt, residues, sequences_of
from shortrun.folding.esmfold import CA, cast, check
from shortrun.folding.prediction import on_hundred

SEQUENCES = ["MKVLAA", "ACDEFGHIKLMNPQRSTVWY", "MKV", "WWXYPLGGA", "MKVLAA"]


def proteins(*rows, labels=None, names=None, alphabet="protein"):
    alphabet = sr.Alphabet("protein", "-ACDEFGHIKLMNPQRSTVWY") if alphabet == "protein" else alphabet
    values = np.array([alphabet.encode(row) for row in rows])
    return sr.Dataset.from_arrays(values, labels, names=names, alphabet=alphabet)


def fasta(path, data):
    sr.write(path, data)
    return path


class Counting:
    """A predictor that remembers what it was asked: pLDDT is the share of A and the length, 0 to 100."""

    name = "counting"

    def __init__(self):
        self.asked = []

    def __call__(self, sequence):
        self.asked.append(sequence)
        return [50.0 + 40.0 * (letter == "A") - 0.1 * len(sequence) for letter in sequence]


def expected(sequence):
    return 50 + 40 * sequence.count("A") / len(sequence) - 0.1 * len(sequence)


# -- a tiny ESMFold ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Return a folder with an ESMFold of 35,000 random parameters, large enough for every residue to differ."""
    transformers = pytest.importorskip("transformers", reason="the extra `fold` is not installed")
    structure = {"sequence_dim": 16, "pairwise_dim": 8, "ipa_dim": 4, "resnet_dim": 8, "num_blocks": 2}
    structure |= {"num_heads_ipa": 2, "num_qk_points": 2, "num_v_points": 2}
    trunk = {"num_blocks": 1, "sequence_state_dim": 16, "pairwise_state_dim": 8, "sequence_head_width": 8}
    trunk |= {"pairwise_head_width": 4, "position_bins": 4, "max_recycles": 1, "structure_module": structure}
    vocabulary = ["<cls>", "<pad>", "<eos>", "<unk>", *"LAGVSERTIDPKQNFYMHWCXBUZO.-", "<null_1>", "<mask>"]
    config = transformers.EsmConfig(
        vocab_size=len(vocabulary),
        vocab_list=vocabulary,
        pad_token_id=1,
        mask_token_id=len(vocabulary) - 1,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        position_embedding_type="rotary",
        token_dropout=True,
        is_folding_model=True,
        esmfold_config={"fp16_esm": True, "lddt_head_hid_dim": 8, "trunk": trunk},
    )
    torch.manual_seed(0)
    network = transformers.EsmForProteinFolding(config).float()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn_like(parameter), alpha=0.3)
    folder = tmp_path_factory.mktemp("weights") / "tiny"
    network.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def tiny(weights):
    return ESMFold(weights, device="cpu")


def test_a_folder_gives_the_networks_own_numbers(weights, tiny):
    from transformers import EsmForProteinFolding

    network = EsmForProteinFolding.from_pretrained(weights).float().eval()
    letters = "ARNDCQEGHILKMFPSTWYVX"  # the order of AlphaFold's residue types, which the network counts in
    for sequence in set(SEQUENCES):
        codes = torch.tensor([[letters.index(letter) for letter in sequence]])
        with torch.no_grad():
            output = network(codes, torch.ones_like(codes))
        probabilities = output.lddt_head[-1, 0, :, CA].softmax(-1)  # 50 bins of the LDDT between 0 and 1
        plddt = probabilities @ ((torch.arange(50) + 0.5) / 50)
        np.testing.assert_allclose(tiny(sequence), plddt, atol=1e-5)
    assert np.ptp(tiny(SEQUENCES[1])) > 0.005  # residues do differ
    assert tiny.name == "tiny"
    assert ESMFold(device="cpu").name == "esmfold_v1"


def test_padding_and_chunks_change_nothing(weights, tiny):
    alone = [tiny(sequence) for sequence in SEQUENCES]
    assert [len(values) for values in alone] == [len(sequence) for sequence in SEQUENCES]
    chunked = ESMFold(weights, device="cpu", chunk=2)
    for found in (tiny.batch(SEQUENCES), chunked.batch(SEQUENCES), tiny.batch(SEQUENCES[::-1])[::-1]):
        for one, other in zip(alone, found, strict=True):
            np.testing.assert_allclose(one, other, atol=2e-5)
    assert max(abs(one.mean() - alone[0].mean()) for one in alone) > 1e-3  # a mix-up would be seen


def test_a_narrow_trunk_is_near_the_wide_one(weights, tiny):
    narrow = ESMFold(weights, device="cpu", precision="bfloat16")
    means = [[values.mean() for values in predictor.batch(SEQUENCES)] for predictor in (tiny, narrow)]
    np.testing.assert_allclose(*means, atol=0.03)
    assert means[0] != means[1]
    assert narrow(SEQUENCES[0]).dtype == np.float32


def test_a_language_model_in_half_precision_as_on_a_gpu(weights, tiny):
    half = ESMFold(weights, device="cpu")
    cast(half.network, torch.float16)
    types = {name.split(".")[0]: it.dtype for name, it in half.network.named_parameters()}
    assert {name for name, dtype in types.items() if dtype == torch.float16} == {"esm"}
    for one, other in zip(tiny.batch(SEQUENCES), half.batch(SEQUENCES), strict=True):
        np.testing.assert_allclose(one, other, atol=0.01)


def test_memory_that_does_not_suffice_halves_the_batch(weights, monkeypatch):
    predictor = ESMFold(weights, device="cpu")
    infer, sizes = predictor.network.infer, []

    def limited(sequences):
        sizes.append(len(sequences))
        if len(sequences) * max(map(len, sequences)) > 20:
            raise torch.OutOfMemoryError("no")
        return infer(sequences)

    monkeypatch.setattr(predictor.network, "infer", limited)
    whole = [len(values) for values in predictor.batch(SEQUENCES)]
    assert whole == [len(sequence) for sequence in SEQUENCES]
    assert sizes[0] == 5
    assert 1 in sizes
    with pytest.raises(DataError, match="21 residues does not fit into memory"):
        predictor("A" * 21)


def test_weights_that_are_none(weights, tmp_path, monkeypatch):
    from safetensors.torch import load_file, save_file

    (tmp_path / "bare").mkdir()
    with pytest.raises(ConfigError, match=r"'.*bare' cannot be loaded: "):
        ESMFold(tmp_path / "bare")("MKV")
    with pytest.raises(ConfigError, match="nowhere' is no folder"):
        ESMFold(tmp_path / "nowhere")("MKV")
    config = json.loads((weights / "config.json").read_text())
    other = tmp_path / "language_model"
    other.mkdir()
    (other / "config.json").write_text(json.dumps(config | {"is_folding_model": False}))
    with pytest.raises(ConfigError, match=r"ESMFold expected, '.*language_model' is esm"):
        ESMFold(other)("MKV")
    lacking = tmp_path / "lacking"
    lacking.mkdir()
    (lacking / "config.json").write_text(json.dumps(config))
    tensors = load_file(weights / "model.safetensors")
    kept = {name: it for name, it in tensors.items() if not name.startswith("lddt_head.3")}
    save_file(kept, lacking / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ConfigError, match=r"lacks 2 parameters, 'lddt_head.3.bias' among them"):
        ESMFold(lacking)("MKV")
    (lacking / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(ConfigError, match="cannot be loaded: "):
        ESMFold(lacking)("MKV")


def test_parameters_that_plddt_does_not_need_may_be_missing(tiny):
    check("x", tiny.network, ["esm.contact_head.regression.weight", "lm_head.bias", "distogram_head.weight"])
    with pytest.raises(ConfigError, match="lacks 1 parameters"):
        check("x", tiny.network, ["trunk.recycle_disto.weight"])


def test_settings_that_are_none():
    with pytest.raises(ConfigError, match="device: 'gpu7' is not a device"):
        ESMFold(device="gpu7")
    with pytest.raises(ConfigError, match="did you mean 'bfloat16'"):
        ESMFold(precision="bflot16")
    with pytest.raises(ConfigError, match="chunk: at least 1"):
        ESMFold(chunk=0)


def test_without_transformers(monkeypatch):
    imported = builtins.__import__

    def without(name, *rest):
        if name.split(".")[0] == "transformers":
            raise ImportError(name)
        return imported(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match=r"shortrun\[fold\]"):
        ESMFold()("MKV")


# -- sequences and means -------------------------------------------------------------------------------------------


def test_gaps_are_removed_and_strange_letters_become_x():
    assert residues("m-K.v*~") == "MKV"
    assert residues("AUBZJOX") == "AXXXXXX"
    assert sequences_of(proteins("M-KV-", "-----", "ACDEF")) == ["MKV", "", "ACDEF"]
    strange = sr.Alphabet("custom", "ACDEFGHIKLMNPQRSTVWYX-")
    assert sequences_of(proteins("MX-K", alphabet=strange)) == ["MXK"]


def test_samples_that_are_no_proteins():
    for alphabet, row in ((sr.Alphabet("rna", "-ACGU"), "AC-G"), (sr.Alphabet("binary", "01"), "0110")):
        with pytest.raises(DataError, match="protein sequences are needed for folding"):
            sequences_of(proteins(row, alphabet=alphabet))
    with pytest.raises(DataError, match="these samples are numbers"):
        sequences_of(sr.Dataset.from_arrays(np.random.default_rng(0).normal(size=(2, 3))))


def test_batches_are_bounded():
    generator = np.random.default_rng(0)
    sequences = ["A" * length for length in generator.integers(1, 120, 200)]
    found = [*batches(sequences, 100)]
    assert sorted(sequence for batch in found for sequence in batch) == sorted(sequences)
    for batch in found:
        assert len(batch) == 1 or len(batch) * max(map(len, batch)) <= 100
    assert all(len(batch) == 1 for batch in found if len(batch[0]) > 100)
    for batch, following in pairwise(found):  # no batch could have taken the next sequence too
        assert (len(batch) + 1) * len(following[0]) > 100
    with pytest.raises(ConfigError, match="max-residues: at least 1"):
        [*batches(sequences, 0)]


def test_every_scale_becomes_0_to_100():
    np.testing.assert_allclose(on_hundred("MKV", [0.5, 0.25, 1.0]), [50, 25, 100])
    np.testing.assert_allclose(on_hundred("MKV", [50, 25, 100]), [50, 25, 100])
    np.testing.assert_allclose(on_hundred("MKV", [1.0002, 0, 0.5]), [100, 0, 50])  # a rounding above the end
    np.testing.assert_allclose(on_hundred("MKV", [0.5, 0.25, 0.75], 100.0), [0.5, 0.25, 0.75])
    assert mean_plddt(lambda sequence: [0.5] * len(sequence), ["MKV", ""])[0] == 50
    assert np.isnan(mean_plddt(lambda sequence: [0.5] * len(sequence), ["MKV", ""])[1])
    for values, scale in (([50, 2, 101], None), ([-1, 2, 3], None), ([0.5, 2, 0.5], 1.0), ([np.nan, 0.1, 0.2], None)):
        with pytest.raises(DataError, match="pLDDT between 0 and"):
            on_hundred("MKV", values, scale)
    with pytest.raises(DataError, match="each of 3 residues"):
        on_hundred("MKV", [[0.5]])
    with pytest.raises(ConfigError, match="scale: 1 or 100"):
        mean_plddt(Counting(), ["MKV"], 10.0)


# -- results on disk -----------------------------------------------------------------------------------------------

REAL = proteins("MKVA-A", "MKVLAA", "------", "WWAAAA", labels=["a", "b", "a", ""], names=["r0", "r1", "r2", "r3"])
MADE = proteins("MKVA-A", "AAAAAA", "MMMM-A", "MMMMA-", labels=["a", "b", "b", "a"], names=["g0", "g1", "g1", "x,\ny"])


def test_the_table(tmp_path):
    predictor = Counting()
    told = []
    table = workflows.fold(
        MADE, tmp_path / "p.csv", real=REAL, predictor=predictor, progress=lambda *done: told.append(done)
    )
    assert table["name"].tolist() == ["r0", "r1", "r2", "r3", "g0", "g1", "g1", r"x,\ny"]
    assert table["source"].tolist() == ["real"] * 4 + ["generated"] * 4
    assert table["label"].tolist() == ["a", "b", "a", "", "a", "b", "b", "a"]
    assert table["length"].tolist() == [5, 6, 0, 6, 5, 6, 5, 5]
    means = [expected(sequence) if sequence else np.nan for sequence in table["sequence"]]
    np.testing.assert_allclose(table["plddt"], means, atol=1e-4)
    assert sorted(predictor.asked) == sorted({*table["sequence"]} - {""})  # each sequence once
    assert told[-1] == (5, 5)
    written = pd.read_csv(tmp_path / "p.csv", keep_default_na=False, na_values={"plddt": [""]})
    assert tuple(written.columns) == folding.COLUMNS
    order = ["source", "name", "sequence", "plddt"]
    one, other = (it[order].sort_values(order).reset_index(drop=True) for it in (table, written))
    pd.testing.assert_frame_equal(one, other)


def test_a_second_call_computes_what_is_missing(tmp_path):
    out, first, second, third = tmp_path / "p.csv", Counting(), Counting(), Counting()
    workflows.fold(MADE.head(2), out, predictor=first)
    before = out.read_bytes()
    table = workflows.fold(MADE, out, real=REAL, predictor=second)
    assert out.read_bytes().startswith(before)
    assert set(first.asked).isdisjoint(second.asked)
    assert {*first.asked, *second.asked} == {*table["sequence"]} - {""}
    after = out.read_bytes()
    again = workflows.fold(MADE, out, real=REAL, predictor=third)
    assert third.asked == []
    assert out.read_bytes() == after
    pd.testing.assert_frame_equal(table, again)


def test_a_killed_call_goes_on_at_any_byte(tmp_path):
    out = tmp_path / "p.csv"
    workflows.fold(MADE, out, real=REAL, predictor=Counting())
    whole = out.read_bytes()
    for length in range(0, len(whole), 7):
        out.write_bytes(whole[:length])
        predictor = Counting()
        workflows.fold(MADE, out, real=REAL, predictor=predictor)
        assert sorted(out.read_text().splitlines()) == sorted(whole.decode().splitlines()), length
        done = whole[:length].count(b"\n")
        assert len(predictor.asked) <= 8 - max(done - 1, 0)


def test_a_predictor_that_fails_keeps_what_was_done(tmp_path):
    class Failing(Counting):
        def __call__(self, sequence):
            if len(self.asked) == 2:
                raise RuntimeError("power cut")
            return super().__call__(sequence)

    out, failing, predictor = tmp_path / "p.csv", Failing(), Counting()
    with pytest.raises(RuntimeError, match="power cut"):
        workflows.fold(MADE, out, real=REAL, predictor=failing, max_residues=1)
    table = workflows.fold(MADE, out, real=REAL, predictor=predictor)
    assert set(failing.asked).isdisjoint(predictor.asked)
    assert len(failing.asked) == 2
    assert len(pd.read_csv(out)) == len(table)


def test_files_of_others_are_left_alone(tmp_path):
    out = tmp_path / "p.csv"
    for text in ("name,x\na,1\n", "no line end", "\xff\n"):
        out.write_text(text, encoding="latin1")
        with pytest.raises(FormatError, match=r"p.csv:1: columns name,label.*name another output"):
            workflows.fold(MADE, out, predictor=Counting())
        assert out.read_text(encoding="latin1") == text
    header = ",".join(folding.COLUMNS)
    for line in ("a,b,real,3,high,counting,MKV", "a,b,real,3"):
        out.write_text(f"{header}\n{line}\n")
        with pytest.raises(FormatError, match=r"p.csv:2: 7 cells"):
            Results(out, "counting")
    out.unlink()
    workflows.fold(MADE, out, predictor=Counting())
    with pytest.raises(DataError, match="holds pLDDT of 'counting', which 'constant' cannot go on with"):
        workflows.fold(MADE, out, predictor=constant)
    with pytest.raises(sr.StoreError, match="no such file"):
        workflows.fold(MADE, tmp_path / "none" / "p.csv", predictor=Counting())


def constant(sequence):
    return np.full(len(sequence), 0.5)


def test_any_function_is_a_predictor(tmp_path):
    table = workflows.fold(MADE, tmp_path / "p.csv", predictor=constant)
    assert set(table["model"]) == {"constant"}
    assert (table["plddt"] == 50).all()


# -- comparison ----------------------------------------------------------------------------------------------------


def random_table(seed=0, shift=0.0, real=40, generated=60):
    generator = np.random.default_rng(seed)
    length = np.concatenate([generator.integers(80, 200, real), generator.integers(60, 180, generated)])
    source = np.repeat(["real", "generated"], [real, generated])
    noise = generator.normal(0, 4, real + generated)
    plddt = 40 + 0.2 * length + shift * (source == "generated") + noise
    label = generator.choice(["a", "b", ""], real + generated)
    return pd.DataFrame({"label": label, "source": source, "length": length, "plddt": plddt})


def test_comparison_against_scipy_and_by_hand():
    table = random_table()
    hole = pd.DataFrame({"label": "a", "source": "real", "length": 0, "plddt": np.nan}, index=[0])
    found = folding.compare(pd.concat([table, hole])).set_index("class")
    assert found.index.tolist() == ["all", "a", "b"]
    for cls, row in found.iterrows():
        part = table if cls == "all" else table[table["label"] == cls]
        real, made = (part.loc[part["source"] == side, "plddt"].to_numpy() for side in ("real", "generated"))
        grid = np.concatenate([real, made])
        gaps = [abs((real <= x).mean() - (made <= x).mean()) for x in grid]  # of the cumulative distributions
        assert row["ks"] == pytest.approx(max(gaps))
        assert row["p"] == pytest.approx(stats.ks_2samp(real, made).pvalue)
        welch = stats.ttest_ind(made, real, equal_var=False)
        assert row["difference"] / row["error"] == pytest.approx(welch.statistic)
        assert (row["real"], row["generated"]) == (len(real), len(made))
        assert (row["mean_real"], row["mean_generated"]) == pytest.approx((real.mean(), made.mean()))


def test_the_length_control_is_that_of_the_partial_correlation():
    table = random_table()
    row = folding.compare(table).iloc[0]
    source, length = (table["source"] == "generated").to_numpy(float), table["length"].to_numpy(float)
    of_length = [stats.linregress(length, it) for it in (table["plddt"], source)]
    rests = [
        it - fit.intercept - fit.slope * length for it, fit in zip((table["plddt"], source), of_length, strict=True)
    ]
    r = stats.pearsonr(*rests).statistic
    t = r * np.sqrt((len(table) - 3) / (1 - r**2))
    assert row["at_equal_length"] / row["error_at_equal_length"] == pytest.approx(t)
    assert row["at_equal_length"] == pytest.approx(stats.linregress(rests[1], rests[0]).slope)


def test_the_length_control_finds_the_planted_difference():
    for shift in (0.0, 3.0):
        rows = [folding.compare(random_table(seed, shift)).iloc[0] for seed in range(50)]
        off = [(row["at_equal_length"] - shift) / row["error_at_equal_length"] for row in rows]
        assert abs(np.mean(off)) < 4 / np.sqrt(50)  # four standard errors of a mean of unit normals
        assert 0.6 < np.std(off) < 1.4  # four standard errors of their spread: 1 +- 4 / sqrt(2 * 50)
        plain = [(row["difference"] - shift) / row["error"] for row in rows]
        assert np.mean(plain) < -2  # generated ones are 20 residues shorter, and lose 4 points


def test_lengths_that_say_nothing_or_all():
    table = random_table()
    equal = folding.compare(table.assign(length=100)).iloc[0]
    assert equal["at_equal_length"] == pytest.approx(equal["difference"])
    apart = folding.compare(table.assign(length=np.where(table["source"] == "real", 100, 90))).iloc[0]
    assert np.isnan(apart["at_equal_length"])
    with pytest.raises(DataError, match="got 40 real and 1 generated"):
        folding.compare(random_table(generated=1))


def test_the_figure(tmp_path):
    pytest.importorskip("matplotlib")
    table = random_table()
    figure = plots.plddt(table)
    (axis,) = figure.axes
    real, made = (table.loc[table["source"] == side, "plddt"].to_numpy() for side in ("real", "generated"))
    outlines = [patch for patch in axis.patches if hasattr(patch, "get_xy") and np.ndim(patch.get_xy()) == 2]
    bars = [patch for patch in axis.patches if patch not in outlines]
    edges = np.unique(outlines[0].get_xy()[:, 0])
    np.testing.assert_allclose([bar.get_x() for bar in bars], edges[:-1])  # common bins
    np.testing.assert_allclose([bar.get_height() for bar in bars], np.histogram(made, edges, density=True)[0])
    assert outlines[0].get_xy()[:, 1].max() == pytest.approx(np.histogram(real, edges, density=True)[0].max())
    assert {text.get_text() for text in axis.get_legend().get_texts()} == {"real (40)", "generated (60)"}
    plots.save(figure, tmp_path / "plddt.png")
    assert (tmp_path / "plddt.png").stat().st_size > 1000
    assert len(plots.plddt(table[table["source"] == "real"]).axes[0].patches) == 1
    assert axis.get_xlabel() == "mean pLDDT of a sequence"
    assert plots.plddt(table.assign(plddt=50.0)).axes
    with pytest.raises(DataError, match="no sequence has a pLDDT"):
        plots.plddt(table.assign(plddt=np.nan))
    with pytest.raises(DataError, match="a table of `shortrun fold` expected"):
        plots.plddt(table[["length"]])


# -- the verb ------------------------------------------------------------------------------------------------------


@pytest.fixture
def files(tmp_path):
    return fasta(tmp_path / "real.fasta", REAL), fasta(tmp_path / "made.fasta", MADE), tmp_path / "p.csv"


def test_the_command_line(files, weights, tiny):
    real, made, out = files
    options = ("--model", weights, "--device", "cpu", "--max-residues", 12, "-o", out)
    first = good("fold", made, *options)
    assert "folded 3 of 3 sequences" in first.err
    result = good("fold", made, "--compare", real, *options, "--json")
    assert "folded 2 of 2 sequences" in result.err
    assert "1 sample of gaps alone: no pLDDT" in result.err
    table = pd.read_csv(out)
    assert len(table) == 8
    for row in table.dropna(subset=["plddt"]).itertuples():
        assert row.plddt == pytest.approx(100 * tiny(row.sequence).mean(), abs=2e-3)
    assert result.json["comparison"][0]["class"] == "all"
    known = table.dropna(subset=["plddt"])
    real_values, made_values = (known.loc[known["source"] == side, "plddt"] for side in ("real", "generated"))
    assert result.json["comparison"][0]["ks"] == pytest.approx(stats.ks_2samp(real_values, made_values).statistic)
    third = good("fold", made, "--compare", real, *options)
    assert "folded" not in third.err  # all there: the weights are not even loaded
    assert "at equal length" in third.out
    few = good("fold", made, *options)
    assert "also holds 4 rows of other samples" in few.err


def test_bad_input_is_one_line(files, weights, tmp_path):
    _, made, out = files
    assert "results are written as .csv, got '.txt'" in refused("fold", made, "-o", tmp_path / "p.txt")
    assert "is no folder" in refused("fold", made, "-o", out, "--model", tmp_path / "none")
    assert "cannot be loaded" in refused("fold", made, "-o", out, "--model", tmp_path)
    assert "not a device" in refused("fold", made, "-o", out, "--device", "gpu7")
    assert "'float32' or 'bfloat16' expected, got 'half'" in refused("fold", made, "-o", out, "--precision", "half")
    rna = tmp_path / "rna.fasta"
    rna.write_text(">a\nACGU\n>b\nACCU\n")
    assert "protein sequences are needed" in refused("fold", rna, "-o", out, "--model", weights)
    assert not out.exists()
    out.write_text("name,score\n")
    assert "name another output" in refused("fold", made, "-o", out, "--model", weights)


def test_weights_that_cannot_be_fetched_are_one_line(files, monkeypatch):
    constants = pytest.importorskip("huggingface_hub.constants", reason="the extra `fold` is not installed")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    line = refused("fold", files[1], "-o", files[2], "--model", "shortrun-tests/no-such-weights")
    assert "model: 'shortrun-tests/no-such-weights' cannot be loaded: " in line
    assert not files[2].exists()
