let a = "x"; n = { b = "y"; }; in [ "${a}" "${a}${a}" "<${n.b}>" "${"nested ${"deep ${a}"}"}" "${a + "z"}" "a${"b"}c" ]
