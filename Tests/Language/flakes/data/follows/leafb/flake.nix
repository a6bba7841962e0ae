{ outputs = _: { name = "b"; }; }
