% Writes the same array and labels as Octave writes them; from the root: octave --no-gui tests/oracle/files/write.m
formats = "tests/data/formats/"; files = "tests/data/files/";
load([formats "t_v5_plain.mat"]); load([formats "y_v5.mat"]);
y = double(y);
save("-v7", [files "t_octave_v7.mat"], "t");
save("-v6", [files "t_octave_v6.mat"], "t");
save("-v4", [files "t_octave_v4.mat"], "t");
single_t = single(t); save("-v7", [files "t_octave_single.mat"], "single_t");
packed = sparse(t); save("-v7", [files "t_octave_sparse.mat"], "packed");
cube = reshape(t, 20, 2, 2); cube = permute(cube, [1 3 2]); save("-v7", [files "t_octave_cube.mat"], "cube");
csvwrite([files "t_octave.csv"], t);
dlmwrite([files "t_octave.txt"], t, " ");
save("-v7", [files "y_octave.mat"], "y");
whole = int32(y); save("-v7", [files "y_octave_int32.mat"], "whole");
words = {"cat", "dog", "eel"}(y + 1); save("-v7", [files "no_octave_cell.mat"], "words");
s.t = t; save("-v7", [files "no_octave_struct.mat"], "s");
save("-text", [files "no_octave_text.mat"], "t");
save("-binary", [files "no_octave_binary.mat"], "t");
save("-hdf5", [files "no_octave.h5"], "t");
