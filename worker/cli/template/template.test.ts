import { describe, expect, test } from "vitest";
import { dockerFunctions } from "../format/functions.ts";
import { GoFloat, goMap, struct, Template, TemplateError } from "./index.ts";
import { Methods, Stringer } from "./value.ts";

const render = (text: string, data: unknown = {}): string =>
  new Template("", text, { functions: dockerFunctions }).execute(data);
const failure = (text: string, data: unknown = {}, missingKey: "default" | "error" = "default"): string => {
  try {
    new Template("", text, { functions: dockerFunctions, missingKey }).execute(data);
  } catch (error) {
    if (error instanceof TemplateError) return error.message;
    throw error;
  }
  return "no error";
};

const data = struct(
  {
    Name: "web",
    N: 3,
    Pi: 3.5,
    On: true,
    Off: false,
    Empty: "",
    List: ["a", "b", "c"],
    Map: goMap({ y: 2, x: 1 }),
    Nil: null,
  },
  "T",
);

describe("a template renders as Go's text/template does", () => {
  test.each([
    ["plain", "plain"],
    ["{{.Name}}", "web"],
    ["a {{- .Name -}} b", "awebb"],
    ["{{/* nothing */}}x", "x"],
    ["x {{- /* nothing */ -}} y", "xy"],
    ["{{if .On}}yes{{else}}no{{end}}", "yes"],
    ["{{if .Empty}}a{{else if .On}}b{{else}}c{{end}}", "b"],
    ["{{if not .Off}}1{{end}}{{if and .On .Name}}2{{end}}{{if or .Off .Empty}}3{{end}}", "12"],
    ["{{with .Name}}<{{.}}>{{end}}{{with .Empty}}x{{else}}none{{end}}", "<web>none"],
    ["{{with .Empty}}a{{else with .Name}}{{.}}{{end}}", "web"],
    ["{{range .List}}{{.}},{{end}}", "a,b,c,"],
    ["{{range $i, $v := .List}}{{$i}}={{$v}} {{end}}", "0=a 1=b 2=c "],
    ["{{range $k, $v := .Map}}{{$k}}{{$v}}{{end}}", "x1y2"],
    ["{{range .Empty2}}x{{else}}none{{end}}", "none"],
    ['{{range .List}}{{if eq . "b"}}{{continue}}{{end}}{{.}}{{end}}', "ac"],
    ['{{range .List}}{{if eq . "b"}}{{break}}{{end}}{{.}}{{end}}', "a"],
    ["{{range 3}}{{.}}{{end}}", "012"],
    ["{{$x := 1}}{{range .List}}{{$x = .}}{{end}}{{$x}}", "c"],
    ['{{define "t"}}[{{.}}]{{end}}{{template "t" .Name}}', "[web]"],
    ['{{block "b" .Name}}({{.}}){{end}}', "(web)"],
    ['{{.Name | printf "%s-%s" "x"}}', "x-web"],
    [
      '{{printf "%d|%5d|%-5d|%05d|%x|%q|%v|%t|%.2f|%T" 42 42 42 42 255 "a\\"b" .List true .Pi .Name}}',
      '42|   42|42   |00042|ff|"a\\"b"|[a b c]|true|3.50|string',
    ],
    ['{{printf "%d %s" "x" 1}}', "%!d(string=x) %!s(int=1)"],
    ['{{printf "%d"}}', "%!d(MISSING)"],
    ['{{printf "a" 1}}', "a%!(EXTRA int=1)"],
    ['{{index .List 1}} {{index .Map "x"}} {{len .List}} {{slice .Name 1 3}} {{len .Name}}', "b 1 3 eb 3"],
    [
      '{{eq 1 1}} {{eq .Name "a" "web"}} {{ne 1 2}} {{lt 1 2}} {{le 2 2}} {{gt "b" "a"}} {{ge 1 2}}',
      "true true true true true true false",
    ],
    ['{{html "<a&\'>"}} {{js "it\'s"}} {{urlquery "a b&c"}}', "&lt;a&amp;&#39;&gt; it\\'s a+b%26c"],
    ['{{print 1 2 "a" "b" 3}}|{{println .Name}}', "1 2ab3|web\n"],
    [
      '{{json .List}} {{json .Map}} {{upper .Name}} {{lower "AB"}} {{title "a b"}} {{join .List "-"}} {{split "a,b" ","}} {{truncate "abcdef" 3}} {{pad "x" 1 2}}|',
      '["a","b","c"] {"x":1,"y":2} WEB ab A B a-b-c [a b] abc  x  |',
    ],
    ["{{(index .List 0)}}{{(print 1 2)}}", "a1 2"],
    ["{{.List}} {{.Map}} {{.Pi}} {{.On}}", "[a b c] map[x:1 y:2] 3.5 true"],
    ["{{.Nil}}", "<nil>"],
    ["{{true}} {{1.5}} {{'a'}} {{0x10}} {{1_000}} {{`raw\\n`}}", "true 1.5 97 16 1000 raw\\n"],
    ["{{$}}", "{web 3 3.5 true false  [a b c] map[x:1 y:2] <nil>}"],
  ])("%s", (text, expected) => {
    const values = { ...data, Empty2: [] };
    expect(render(text, text === "{{$}}" ? data : values)).toBe(expected);
  });

  test("a map without the key shows no value", () => {
    expect(render("{{.a}}{{if .a}}x{{end}}", goMap({}))).toBe("<no value>");
  });
  test("rows have methods, with and without arguments", () => {
    const row = new Methods("*R", { ID: () => "1", Label: (name: string) => `<${name}>` });
    expect(render('{{.ID}} {{.Label "a.b"}} {{json .}}', row)).toBe('1 <a.b> {"ID":"1"}');
  });
  test("times print their own way and are strings in JSON", () => {
    const value = { At: new Stringer("2025-01-01 00:00:00 +0000 UTC", "2025-01-01T00:00:00Z") };
    expect(render("{{.At}} {{json .At}}", value)).toBe('2025-01-01 00:00:00 +0000 UTC "2025-01-01T00:00:00Z"');
  });
  test("floats keep their type", () => {
    expect(render('{{printf "%.1f %v" .F .F}}', { F: new GoFloat(2) })).toBe("2.0 2");
  });
});

describe("a template fails in Go's words", () => {
  test.each([
    ["{{.Nope}}", 'template: :1:2: executing "" at <.Nope>: can\'t evaluate field Nope in type T'],
    ["{{.Name.X}}", 'template: :1:7: executing "" at <.Name.X>: can\'t evaluate field X in type string'],
    ["{{foo}}", 'template: :1: function "foo" not defined'],
    ["{{.Name", "template: :1: unclosed action"],
    ["{{if .On}}", "template: :1: unexpected EOF"],
    ["{{end}}", "template: :1: unexpected {{end}}"],
    ["{{else}}", "template: :1: unexpected {{else}}"],
    ["{{}}", "template: :1: missing value for command"],
    ["{{$x}}", 'template: :1: undefined variable "$x"'],
    ["{{break}}", "template: :1: {{break}} outside {{range}}"],
    ["{{.Name | 1}}", "template: :1: non executable command in pipeline stage 2"],
    ['{{"abc}}', "template: :1: unterminated quoted string"],
    ["{{/* x}}", "template: :1: unclosed comment"],
    [
      "{{index .List 9}}",
      'template: :1:2: executing "" at <index .List 9>: error calling index: index out of range: 9',
    ],
    ['{{template "x"}}', 'template: :1:2: executing "" at <{{template "x"}}>: template "x" not defined'],
    ['{{lt 1 "a"}}', 'template: :1:2: executing "" at <lt 1 "a">: error calling lt: incompatible types for comparison'],
    ["{{len 3}}", 'template: :1:2: executing "" at <len 3>: error calling len: len of type int'],
    ["{{range .N2}}{{end}}", 'template: :1:8: executing "" at <.N2>: can\'t evaluate field N2 in type T'],
  ])("%s", (text, expected) => {
    expect(failure(text, data)).toBe(expected);
  });
  test("a missing key is an error where that is asked for", () => {
    expect(failure("{{.a.b}}", goMap({}), "error")).toBe(
      'template: :1:4: executing "" at <.a.b>: map has no entry for key "a"',
    );
  });
});
