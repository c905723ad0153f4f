# %% [markdown]
# # A protein family
#
# From an alignment and a table of groups to new sequences of a group of your choice, and to a judgement of them. The family
# are natural SH3 domains: 59 columns, orthologous groups as labels, half of the sequences without one.
#
# Your own files: `family.fasta.gz` (FASTA, Stockholm, Clustal and others) and `family.csv`, a table with the names of the
# sequences in any column and their groups in another. [Data](../data.md) has all that is read.

# %%
# hidden: the files of this page
import gzip
import os
import shutil
from pathlib import Path

shared = Path(os.environ["SHORTRUN_SHARED"])
shutil.copy(shared / "sh3/sh3.fasta.gz", "family.fasta.gz")
Path("family.csv").write_bytes(gzip.decompress((shared / "sh3/labels.csv.gz").read_bytes()))

# %% [markdown]
# ## Read, and set samples aside

# %%
import shortrun as sr
from shortrun import plots

data = sr.read("family.fasta.gz", labels="family.csv", label_column="label")
data

# %% [markdown]
# Sequences without a label still teach the model what the family looks like. To keep this page short, it learns those with a
# label alone. A fifth is set aside; the training never sees it.

# %%
labelled = data.select(data.labelled)
train, test = sr.split(labelled, 0.2, seed=1)
print(len(train), "to learn,", len(test), "set aside,", len(train.classes), "groups")

# %% [markdown]
# ## Train
#
# Without `updates` a training ends by itself; here a number keeps the page quick. The run stays in memory, more exactly in a
# temporary folder; `run.save("run")` keeps it.

# %%
run = sr.fit(train, hidden=128, updates=400, seed=1)
run

# %% [markdown]
# ## Labels of sequences it has not seen

# %%
sr.predict(run, test)

# %% [markdown]
# ## New sequences
#
# As many as were set aside, with their groups; then ten of one group, of which the first three are shown.

# %%
new = sr.generate(run, n=len(test), seed=1)
group = train.classes[0]
sr.write("group.fasta", sr.generate(run, labels=group, n=10, seed=2))
for line in Path("group.fasta").read_text().splitlines()[:6]:
    print(line)

# %%
plots.sequence_logos(test, new)

# %%
plots.pca(test, new)

# %% [markdown]
# ## Are they good?
#
# Compare a value with its *floor*, the same score of real sequences against other real ones, and not with the ideal alone.
# `label-fidelity` asks classifiers, trained on real sequences, for the group; `p-dd` and `p-gg` are 0.5 where nearest neighbours do
# not tell generated from real; `memorisation` above 0.5 would be copying.

# %%
names = ("label-fidelity", "p-dd", "p-gg", "memorisation", "second-moment")
sr.score(train, new, held_out=test, scores=names, per_class=False)

# %% [markdown]
# `p-dd` above its floor says what is still missing after so few updates: real sequences are nearer to one another than to
# generated ones. [Results](../results.md) has what default settings reach in two minutes, and [Is a run good?](../evaluate.md) how
# to get all scores as a page. Next: [which sites interact, which residues touch, which mutants are fit](../couplings.md).
