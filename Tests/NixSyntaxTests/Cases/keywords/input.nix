if a then b else with c; let d = rec { }; in assert d; c
