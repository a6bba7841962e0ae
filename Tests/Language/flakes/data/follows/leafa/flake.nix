{ outputs = _: { name = "a"; }; }
