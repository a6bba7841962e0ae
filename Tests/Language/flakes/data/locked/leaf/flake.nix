{ outputs = _: { name = "leaf"; }; }
