[ (import ./data/folder { }).x (import ./data/folder { x = "y"; }).x ]
