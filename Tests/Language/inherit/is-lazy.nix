({ inherit (throw "x") a; b = 1; }).b
