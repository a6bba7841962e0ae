{ outputs = _: { name = "dep2"; }; }
