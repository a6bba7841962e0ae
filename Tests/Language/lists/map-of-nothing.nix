map (throw "f") [ ]
