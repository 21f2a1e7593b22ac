"""Writes one array as numpy, scipy, pandas and safetensors write it, in every way that is read: tests/data/formats/.

pip install numpy scipy pandas safetensors ml_dtypes; python tests/oracle/formats.py tests/data/formats

Every `t*` holds the same 20 x 4 numbers (multiples of 1/4 below 2, so that half precision holds them); every `y*` the same labels.
"""
import os
import sys

import ml_dtypes
import numpy as np
import pandas as pd
import scipy.io
import scipy.sparse
from safetensors.numpy import save_file

os.makedirs(sys.argv[1], exist_ok=True)
os.chdir(sys.argv[1])
rng = np.random.default_rng(7)
t = rng.integers(-7, 8, size=(20, 4)) / 4
y = rng.integers(0, 3, size=20)
words = np.array(["cat", "dog", "eel"])[y]

np.save("t_f8.npy", t)
np.save("t_f2.npy", t.astype("f2"))
np.save("t_big_endian.npy", t.astype(">f4"))
np.save("t_fortran.npy", np.asfortranarray(t))
np.save("t_cube.npy", t.reshape(20, 2, 2))
np.save("t_cube_fortran.npy", np.asfortranarray(t.reshape(20, 2, 2)))
np.savez_compressed("t_named.npz", **{"dense/kernel:0": t})
save_file({"t": t.astype(np.float16)}, "t_f16.safetensors")
save_file({"t": t.astype(ml_dtypes.bfloat16)}, "t_bf16.safetensors")
scipy.io.savemat("t_v5.mat", {"t": t.reshape(20, 2, 2)}, do_compression=True)
scipy.io.savemat("t_v5_plain.mat", {"t": t, "s": {"a": 1}})
scipy.io.savemat("t_v5_sparse.mat", {"t": scipy.sparse.csc_matrix(t)})
scipy.io.savemat("t_v4.mat", {"t": t, "c": "text"}, format="4")
scipy.io.savemat("t_v4_sparse.mat", {"t": scipy.sparse.csc_matrix(t)}, format="4")
frame = pd.DataFrame(t)
frame.to_csv("t_pandas.csv", index=False)
frame.to_csv("t_pandas.tsv", index=False, sep="\t")
frame.to_csv("t_semicolon.csv", index=False, sep=";")
frame.to_csv("t_bom.csv", index=False, encoding="utf-8-sig", lineterminator="\r\n")
frame.to_csv("t_packed.csv.gz", index=False, compression={"method": "gzip", "mtime": 0})
frame.rename(columns="unit {}".format).to_csv("t_names.csv", index=False)
np.savetxt("t_savetxt.txt", t, fmt="%g", header="made by np.savetxt")

np.save("y_i8.npy", y)
np.save("y_f4_column.npy", y.astype("f4")[:, None])
np.save("y_one_hot.npy", np.eye(3, dtype=bool)[y])
np.save("y_words.npy", words)
np.save("y_bytes.npy", words.astype("S"))
scipy.io.savemat("y_v5.mat", {"y": y[None, :]})
pd.DataFrame(y).to_csv("y_pandas.csv", index=False)
pd.Series(words, name="species").to_csv("y_words.csv", index=False)
np.savetxt("y_savetxt.txt", y)

# Refused, each in a sentence.
np.save("no_objects.npy", np.array(["a", 1], dtype=object))
np.save("no_records.npy", np.zeros(20, dtype=[("a", "f4")]))
np.save("no_complex.npy", t + 1j)
np.save("no_big.npy", np.full(20, 2**53 + 1))
np.save("no_bfloat16.npy", t.astype(ml_dtypes.bfloat16))
with open("no_two.npy", "wb") as file:
    np.save(file, t)
    np.save(file, y)
frame.to_csv("no_index.csv")
frame.to_csv("no_decimal_comma.csv", index=False, sep=";", decimal=",")
frame.to_csv("no_utf16.csv", index=False, encoding="utf-16")
pd.DataFrame(rng.integers(0, 5, size=(20, 3))).to_csv("no_header_or_row.csv", index=False)
scipy.io.savemat("no_struct.mat", {"s": {"a": 1}})
scipy.io.savemat("no_cell.mat", {"c": np.array(["a", 1], dtype=object)})
