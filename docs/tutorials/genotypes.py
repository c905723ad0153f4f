# %% [markdown]
# # Genotypes by continent
#
# From phased genotypes and a panel of populations to new haplotypes of a continent. The data are 805 sites of 2,504 people of the
# 1000 Genomes Project, two haplotypes each.
#
# Your own file: a VCF or BCF with a panel (`sr.read("chr22.vcf.gz", labels="all.panel", label_column="super_pop")`), PLINK, IMPUTE,
# or arrays as here: `x` holds 0 and 1, `continent` the classes, `sample` the person. [Data](../data.md#genotypes) has all formats.

# %%
# hidden: the file of this page
import os
import shutil
from pathlib import Path

shutil.copy(Path(os.environ["SHORTRUN_SHARED"]) / "hgd/hgd.npz", "genotypes.npz")

# %% [markdown]
# ## Read, and set people aside
#
# `group` keeps the two haplotypes of a person on one side of every split. Without it, half of a person would help to recognise the
# other half, and every score would be too good.

# %%
import shortrun as sr
from shortrun import plots

data = sr.read("genotypes.npz", keys={"x": "x", "y": "continent", "group": "sample"})
data

# %%
train, test = sr.split(data, 0.2, seed=1)
run = sr.fit(train, hidden=100, updates=250, seed=1)
run

# %% [markdown]
# ## Continents of people it has not seen

# %%
predictions = sr.predict(run, test)
predictions

# %%
plots.confusion(predictions)

# %% [markdown]
# ## New haplotypes
#
# On the principal components of real haplotypes, generated ones should fall where real ones do, continent by continent.

# %%
new = sr.generate(run, n=len(test), seed=1)
plots.pca(test, new)

# %%
plots.allele_frequencies(test, new)

# %% [markdown]
# ## Are they good?
#
# Each score beside its *floor*, that of real people against other real people. Haplotypes of one person are not compared with each other.

# %%
names = ("label-fidelity", "p-dd", "p-gg", "memorisation", "linkage")
sr.score(train, new, held_out=test, scores=names, per_class=False)

# %% [markdown]
# A score that is far from its floor names what a longer training has to improve: this one took seconds, and the
# [results](../results.md) are those of three minutes. Here it is `linkage`, 0 as among real haplotypes and 1 where sites are
# independent: continents are learnt first, linkage of neighbours last. Before you share generated genotypes, look at `memorisation` and
# `privacy-loss` ([scores](../scores.md)). Without labels, the same data grow into a [tree](../tree.md) of continents.
