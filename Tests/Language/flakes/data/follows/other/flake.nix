{ outputs = _: { name = "other"; }; }
