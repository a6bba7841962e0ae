[ (placeholder "out") (placeholder "dev") (builtins.hasContext (placeholder "out")) ]
