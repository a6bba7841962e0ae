# differs from 2.8.0: the newest says which operand was evaluated
if !(1 + (throw "deep") == 2) then 1 else 2
