"""Writes one array, its labels and a small network as PyTorch, Keras, h5py and pandas write them: tests/data/files/.

pip install numpy pandas torch keras h5py pyarrow openpyxl safetensors; python tests/oracle/files/write.py tests/data/files
Then write.m and write.R beside this, for Octave and R. NumPy's and SciPy's own files are tests/data/formats (../formats.py).

`t*` hold the 20 x 4 numbers of tests/data/formats, `y*` its labels; `no_*` cannot be read, and are refused in a sentence.
"""
import os
import sys

os.environ["KERAS_BACKEND"] = "torch"

import h5py
import keras
import numpy as np
import pandas as pd
import torch
from safetensors.torch import save_file

os.makedirs(sys.argv[1], exist_ok=True)
formats = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../data/formats")
t = np.load(os.path.join(formats, "t_f8.npy"))
y = np.load(os.path.join(formats, "y_i8.npy"))
os.chdir(sys.argv[1])
torch.manual_seed(0)
keras.utils.set_random_seed(0)

# PyTorch: as its documentation advises, and what it writes by itself.
tensor = torch.tensor(t, dtype=torch.float32, requires_grad=True)
np.save("t_torch.npy", tensor.detach().numpy())
np.savez("t_torch.npz", hidden=tensor.detach().half().numpy())
save_file({"hidden": tensor.detach()}, "t_torch.safetensors")
save_file({"hidden": tensor.detach().to(torch.bfloat16)}, "t_torch_bf16.safetensors")
np.save("y_torch.npy", torch.tensor(y).numpy())
np.save("y_torch_one_hot.npy", torch.nn.functional.one_hot(torch.tensor(y)).numpy())
torch.save(tensor.detach(), "no_torch.pt")
torch.save(tensor.detach(), "no_torch_old.pt", _use_new_zipfile_serialization=False)
torch.save(torch.nn.Linear(4, 3).state_dict(), "no_torch_state.pth")
torch.save(tensor.detach(), "no_torch_renamed.npz")

# Keras: a layer's output as an array, and the files of a model.
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, name="dense")])
model.layers[0].set_weights([np.eye(4, 3), np.zeros(3)])
np.save("t_keras.npy", np.concatenate([model.predict(t, verbose=0), t[:, 3:]], axis=1).astype("f4"))
np.save("y_keras_one_hot.npy", keras.utils.to_categorical(y))
model.save("no_keras.keras")
model.save_weights("no_keras.weights.h5")

# h5py: plain, and as MATLAB's save -v7.3 lays it out (a block of 512 bytes before HDF5 begins).
with h5py.File("no_h5py.h5", "w") as file:
    file["t"] = t.astype("f4")
with h5py.File("no_matlab_v7.3.mat", "w", userblock_size=512) as file:
    file["t"] = t.T
    file["t"].attrs["MATLAB_class"] = np.bytes_("double")
with open("no_matlab_v7.3.mat", "r+b") as file:
    file.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(116) + bytes(8) + b"\x00\x02IM")

# pandas.
frame = pd.DataFrame(t, columns=["a", "b", "c", "d"])
frame.to_csv("t_pandas.csv", index=False)
frame.to_csv("t_pandas.tsv.gz", index=False, sep="\t", compression={"method": "gzip", "mtime": 0})
frame.astype("float32").to_csv("t_pandas_f4.csv", index=False, float_format="%.6e")
pd.Categorical.from_codes(y, ["cat", "dog", "eel"])
pd.Series(pd.Categorical.from_codes(y, ["cat", "dog", "eel"])).to_csv("y_pandas.csv", index=False, header=["species"])
frame.to_csv("no_pandas_index.csv")
frame.to_parquet("no_pandas.parquet")
frame.to_feather("no_pandas.feather")
frame.to_pickle("no_pandas.pkl")
frame.to_pickle("no_pandas_renamed.npy")
frame.to_json("no_pandas.json")
frame.to_excel("no_pandas.xlsx", index=False)
frame.to_excel("no_excel_renamed.xlsx", index=False)
os.replace("no_excel_renamed.xlsx", "no_excel_renamed.csv")
