module vswitch

go 1.26
