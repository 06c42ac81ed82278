package tests

import (
	"go/ast"
	"go/token"
	"path"
	"slices"
	"strings"
)

// checkDecls looks at a file's declarations: documentation of what is exported,
// function size, parameters, init functions.
func (in *inspection) checkDecls(s source) {
	for _, d := range s.ast.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			in.checkFunc(s, d)
		case *ast.GenDecl:
			in.checkGenDecl(s, d)
		}
	}
}

// selfEvident methods satisfy an interface of the standard library that says all
// there is to say.
var selfEvident = []string{"Error", "String", "Unwrap", "Is", "Len", "Less", "Swap",
	"MarshalJSON", "UnmarshalJSON", "MarshalText", "UnmarshalText"}

func (in *inspection) checkFunc(s source, f *ast.FuncDecl) {
	name := f.Name.Name
	if f.Recv == nil && name == "init" {
		in.reportAt(f.Pos(), "init function: registration belongs into a table")
	}
	isTable := false
	if f.Doc != nil {
		isTable = slices.ContainsFunc(f.Doc.List, func(c *ast.Comment) bool { return strings.HasPrefix(c.Text, tableAnnotation) })
	}
	most := maxFuncLines
	if isTable {
		most = maxTableLines
	}
	if n := in.files.Position(f.End()).Line - in.files.Position(f.Pos()).Line + 1; n > most {
		in.reportAt(f.Pos(), "function %s has %d lines, more than %d", name, n, most)
	}
	if n := f.Type.Params.NumFields(); n > maxParameters {
		in.reportAt(f.Pos(), "function %s has %d parameters, more than %d", name, n, maxParameters)
	}
	if !f.Name.IsExported() || f.Doc.Text() != "" || s.ast.Name.Name == "main" {
		return
	}
	if f.Recv != nil && (!ast.IsExported(receiver(f)) || slices.Contains(selfEvident, name)) {
		return
	}
	in.reportAt(f.Pos(), "exported %s is not documented", name)
}

// receiver is the name of a method's type.
func receiver(f *ast.FuncDecl) string {
	name := ""
	ast.Inspect(f.Recv.List[0].Type, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && name == "" {
			name = id.Name
		}
		return name == ""
	})
	return name
}

// checkGenDecl wants a comment for each exported type, and for each exported
// constant and variable one of its own or of its group.
func (in *inspection) checkGenDecl(s source, d *ast.GenDecl) {
	if s.ast.Name.Name == "main" {
		return
	}
	for _, spec := range d.Specs {
		var names []*ast.Ident
		documented := d.Doc.Text() != ""
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			names = []*ast.Ident{spec.Name}
			documented = spec.Doc.Text() != "" || documented && len(d.Specs) == 1
		case *ast.ValueSpec:
			names = spec.Names
			documented = documented || spec.Doc.Text() != "" || spec.Comment.Text() != ""
		}
		for _, id := range names {
			if id.IsExported() && !documented {
				in.reportAt(id.Pos(), "exported %s is not documented", id.Name)
			}
		}
	}
}

// clockNames are the functions of package time that read the clock or wait for it.
var clockNames = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}

// checkCalls finds clocks and goroutines outside the files that may have them.
func (in *inspection) checkCalls(s source) {
	allowed := func(files []string) bool {
		return slices.Contains(files, "*") || slices.Contains(files, path.Base(s.name))
	}
	mayClock, mayGo := allowed(s.row.clock), allowed(s.row.goroutines)
	ast.Inspect(s.ast, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			if !mayGo {
				in.reportAt(n.Pos(), "%s must not start goroutines here", s.pkg)
			}
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && x.Name == "time" && slices.Contains(clockNames, n.Sel.Name) && !mayClock {
				in.reportAt(n.Pos(), "%s must not call time.%s: time is an argument", s.pkg, n.Sel.Name)
			}
		}
		return true
	})
}

// checkState finds package-level variables that change: assigned to by a function
// of the package, or of a type that exists to be changed. In a stateless package
// it refuses every variable but errors, blanks and, in a main package, the version
// that the linker sets.
func (in *inspection) checkState(r row, list []source) {
	vars := map[string]token.Pos{}
	for _, s := range list {
		if s.ast == nil || s.test {
			continue
		}
		for _, d := range s.ast.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.VAR {
				continue
			}
			for _, spec := range g.Specs {
				in.checkVar(r, s, spec.(*ast.ValueSpec), vars)
			}
		}
	}
	for _, s := range list {
		if s.ast == nil || s.test {
			continue
		}
		for _, d := range s.ast.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Body != nil {
				in.checkAssignments(f, vars)
			}
		}
	}
}

// checkVar notes the names of one variable declaration in vars.
func (in *inspection) checkVar(r row, s source, v *ast.ValueSpec, vars map[string]token.Pos) {
	ast.Inspect(v, func(n ast.Node) bool {
		if _, ok := n.(*ast.FuncLit); ok {
			return false
		}
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if x, ok := sel.X.(*ast.Ident); ok && (x.Name == "sync" || x.Name == "atomic") && sel.Sel.Name != "OnceValue" {
			in.reportAt(v.Pos(), "package-level state: %s is of package %s", v.Names[0].Name, x.Name)
		}
		return true
	})
	for i, id := range v.Names {
		if id.Name == "_" {
			continue
		}
		vars[id.Name] = id.Pos()
		isVersion := s.ast.Name.Name == "main" && id.Name == "version"
		if r.stateless && !isVersion && !(i < len(v.Values) && isError(v.Values[i])) {
			in.reportAt(id.Pos(), "package-level variable %s in a package without any", id.Name)
		}
	}
}

// isError recognizes errors.New(…) and fmt.Errorf(…).
func isError(e ast.Expr) bool {
	call, ok := e.(*ast.CallExpr)
	if !ok {
		return false
	}
	sel, ok := call.Fun.(*ast.SelectorExpr)
	return ok && (sel.Sel.Name == "New" || sel.Sel.Name == "Errorf")
}

// checkAssignments finds assignments to package-level variables in a function.
// A name that the function declares itself anywhere is taken for its own.
func (in *inspection) checkAssignments(f *ast.FuncDecl, vars map[string]token.Pos) {
	own := map[string]bool{}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			for _, id := range n.Names {
				own[id.Name] = true
			}
		case *ast.ValueSpec:
			for _, id := range n.Names {
				own[id.Name] = true
			}
		case *ast.AssignStmt:
			if n.Tok == token.DEFINE {
				for _, e := range n.Lhs {
					own[root(e)] = true
				}
			}
		case *ast.RangeStmt:
			if n.Tok == token.DEFINE {
				own[root(n.Key)], own[root(n.Value)] = true, true
			}
		}
		return true
	})
	check := func(e ast.Expr) {
		name := root(e)
		if _, ok := vars[name]; ok && !own[name] {
			in.reportAt(e.Pos(), "package-level state: %s is assigned to", name)
		}
	}
	ast.Inspect(f.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for _, e := range n.Lhs {
				check(e)
			}
		case *ast.IncDecStmt:
			check(n.X)
		}
		return true
	})
}

// root is the variable at the bottom of an assignable expression; "" for none.
func root(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return root(e.X)
	case *ast.IndexExpr:
		return root(e.X)
	case *ast.ParenExpr:
		return root(e.X)
	case *ast.StarExpr:
		return root(e.X)
	}
	return ""
}
