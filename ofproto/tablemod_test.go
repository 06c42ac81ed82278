package ofproto

import (
	"testing"

	"vswitch/openflow"
)

// TestTableFeaturesAreWhole has requests that replace the features of tables leave out a
// table, or what each table has to have.
func TestTableFeaturesAreWhole(t *testing.T) {
	for _, v := range []openflow.Version{openflow.V13, openflow.V14, openflow.V15} {
		t.Run(v.String(), func(t *testing.T) {
			j := newJar(t, false)
			p := j.connect(j.bridge("br0", 1, FailSecure), Service, v)
			var whole openflow.TableFeaturesRequest
			for _, m := range p.ask(&openflow.TableFeaturesRequest{}) {
				whole.Tables = append(whole.Tables, m.(*openflow.TableFeaturesReply).Tables...)
			}
			if got := p.ask(&whole); len(got) == 0 || got[0].Kind() != openflow.KindTableFeaturesReply {
				t.Errorf("what there is already is refused: %s", describeAll(got))
			}
			p.fails(openflow.ErrTableFeaturesPermission, &openflow.TableFeaturesRequest{Tables: whole.Tables[:NumTables-1]})
			for _, typ := range []int{0, 8, 14} {
				whole.Tables[9].Properties &^= 1 << typ
				p.fails(openflow.ErrTableFeaturesPermission, &whole)
				whole.Tables[9].Properties |= 1 << typ
			}
			if v >= openflow.V15 {
				one := whole.Tables[3]
				one.Command, one.Properties, one.Name = openflow.TablesModify, openflow.PropertiesCame, "three"
				if got := p.ask(&openflow.TableFeaturesRequest{Tables: []openflow.TableFeatures{one}}); len(got) == 0 || got[0].Kind() != openflow.KindTableFeaturesReply {
					t.Errorf("a table that is modified is refused: %s", describeAll(got))
				}
			}
		})
	}
}
