let f = x: let y = f' y; f' = z: z; in y; in f 1
