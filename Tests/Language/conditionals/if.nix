[ (if true then 1 else 2) (if false then 1 else if true then 2 else 3) (if 1 < 2 then "y" else throw "n") (1 + (if true then 1 else 2)) ]
