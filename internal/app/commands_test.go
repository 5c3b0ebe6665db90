package app

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"plumbline/internal/engine"
	"plumbline/internal/scenario"
)

// TestEveryCommandCanBeRun parses the commands of every fix and note of every scenario:
// each is one that gcloud or kubectl has, with flags that it takes, and names objects of
// the scenario.
func TestEveryCommandCanBeRun(t *testing.T) {
	for _, s := range scenarios(t) {
		if s.Timeline != nil {
			continue
		}
		t.Run(name(s.Path), func(t *testing.T) {
			t.Parallel()
			commands := commandsOf(collectOnce(t, s).judged())
			if len(commands) == 0 {
				return
			}
			known := wordsOf(t, s)
			for _, command := range commands {
				for _, complaint := range complaints(command, known) {
					t.Errorf("%s\n\tin %s", complaint, command)
				}
			}
		})
	}
}

func commandsOf(diagnoses []engine.Diagnosis) (list []string) {
	for _, d := range diagnoses {
		for _, r := range d.Roots {
			list = append(list, r.Fix.Commands...)
		}
		for _, s := range d.Symptoms {
			list = append(list, s.Look)
		}
		for _, n := range d.Notes {
			list = append(list, n.Command)
		}
	}
	return slices.DeleteFunc(list, func(c string) bool { return c == "" })
}

// wordsOf are the words of a scenario's world: names of objects, projects, regions.
func wordsOf(t *testing.T, s *scenario.Scenario) map[string]bool {
	t.Helper()
	words := map[string]bool{}
	text := strings.Builder{}
	for key, resource := range resources(t, s.World) {
		text.WriteString(key + " " + resource + "\n")
	}
	for _, entry := range slices.Concat(s.World.Logs, s.Trigger) {
		text.Write(entry)
	}
	for _, w := range regexp.MustCompile(`[A-Za-z0-9_.-]+`).FindAllString(text.String(), -1) {
		words[w] = true
	}
	return words
}

// complaints are what is wrong with a command line.
func complaints(line string, known map[string]bool) (list []string) {
	sent := false // what kubectl apply reads: from the echo or command before it, or from below
	if first, manifest, ok := strings.Cut(line, " <<'EOF'\n"); ok {
		line, sent = first, strings.HasSuffix(manifest, "\nEOF") && slices.ContainsFunc(strings.Fields(manifest), func(w string) bool { return known[w] })
	}
	commands, err := split(line)
	if err != nil {
		return []string{err.Error()}
	}
	for _, words := range commands {
		switch words[0] {
		case "echo":
			sent = len(words) == 2 && json.Valid([]byte(words[1])) && slices.ContainsFunc(strings.Split(words[1], `"`), func(w string) bool { return known[w] })
			if !sent {
				list = append(list, "echo sends something else than JSON of the scenario's objects")
			}
		case "gcloud", "kubectl":
			wrong, named := misused(words, known)
			list = append(list, wrong...)
			if !named && (!sent || words[1] != "apply") {
				list = append(list, "names no object of the scenario")
			}
			sent = sent || named
		case "dig", "openssl", "sort", "uniq", "head", "grep", "jq":
			// They only read or pass on what they are given.
		default:
			list = append(list, words[0]+" is neither gcloud nor kubectl")
		}
	}
	return list
}

// placeholder is what a reader would have to know. The zone of a DNS record is left to
// them: nothing that is read tells it, and it may not be Google's.
var placeholder = regexp.MustCompile(`^<.*>$|^\[.*\]$|^(NAME|PROJECT|CLUSTER|NAMESPACE|REGION|LOCATION)$`)

// misused says what is wrong with one command, and whether it names an object.
func misused(words []string, known map[string]bool) (list []string, named bool) {
	flags, n := acceptedFlags(plainWords(words))
	if n == 0 {
		return []string{"not in the reference: " + strings.Join(plainWords(words), " ")}, true
	}
	values := words[n:]
	for i := 0; i < len(values); i++ {
		w := values[i]
		flag, value, with := strings.Cut(w, "=")
		if !strings.HasPrefix(w, "-") || w == "-" || w == "--" {
			named = named || names(w, known)
			value = w
		} else {
			takes, ok := flags[flag]
			switch {
			case !ok:
				list = append(list, fmt.Sprintf("%s has no flag %s", strings.Join(words[:n], " "), flag))
			case !takes && with:
				list = append(list, flag+" takes no value")
			case takes && !with:
				if i++; i == len(values) {
					return append(list, flag+" needs a value"), named
				}
				value = values[i]
			}
			if flag == "--project" && !known[value] || (flag == "-n" || flag == "--namespace") && !known[value] {
				list = append(list, flag+" "+value+": nothing of the scenario is called so")
			}
			named = named || names(value, known)
			if flag == "-p" && !json.Valid([]byte(value)) {
				list = append(list, "the patch isn't JSON: "+value)
			}
		}
		if placeholder.MatchString(value) && !json.Valid([]byte(value)) {
			list = append(list, value+" is left to the reader")
		}
	}
	return list, named
}

// names: an argument contains the name of something: deployment/web, default=web-config.
func names(argument string, known map[string]bool) bool {
	return slices.ContainsFunc(strings.FieldsFunc(argument, func(r rune) bool { return strings.ContainsRune("/=:,", r) }), func(w string) bool { return known[w] })
}

// plainWords are the words before the first flag.
func plainWords(words []string) []string {
	for i, w := range words {
		if strings.HasPrefix(w, "-") {
			return words[:i]
		}
	}
	return words
}

// split reads a line as a shell does: words, quotes, and commands joined by | and &&.
func split(line string) (commands [][]string, err error) {
	var words []string
	var word strings.Builder
	begun := false
	end := func() {
		if begun {
			words = append(words, word.String())
		}
		word.Reset()
		begun = false
	}
	var quote rune
	for i, r := range line {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			quote, begun = r, true
		case r == ' ' || r == '\n':
			end()
		case r == '|' || r == ';' || r == '&' && strings.HasPrefix(line[i:], "&&"):
			end()
			commands, words = append(commands, words), nil
		case r == '&':
		case strings.ContainsRune("<>`$(){}*?!#\\", r):
			return nil, fmt.Errorf("the shell would take %q for something else", r)
		default:
			word.WriteRune(r)
			begun = true
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("a quote %c isn't closed", quote)
	}
	end()
	commands = append(commands, words)
	if slices.ContainsFunc(commands, func(c []string) bool { return len(c) == 0 }) {
		return nil, fmt.Errorf("an empty command")
	}
	return commands, nil
}

func TestWrongCommandsAreFound(t *testing.T) {
	known := map[string]bool{"shop-prod": true, "shop": true, "web": true, "main": true}
	for line, want := range map[string]string{
		"gcloud container clusters update main --project shop-prod --location europe-west1 --gateway-api=standard": "",
		"kubectl patch service web -n shop --type merge -p '{\"spec\":{\"type\":\"NodePort\"}}'":                   "",
		"echo '{\"a\":1}' | kubectl apply -f - && kubectl annotate service web -n shop a=b":                        "names no object",
		"gcloud container clusters update main --project shop-prod --gateway=standard":                             "no flag --gateway",
		"gcloud container clusters upgrade main":                                                                   "not in the reference",
		"gcloud container clusters update NAME --project shop-prod":                                                "left to the reader",
		"gcloud container clusters update main --project shop-test":                                                "--project shop-test",
		"kubectl get pods -n shop -o":                                                                              "-o needs a value",
		"kubectl patch service web -n shop -p '{spec}'":                                                            "isn't JSON",
		"kubectl get pods -n <namespace>":                                                                          "the shell would take",
		"kubectl get pods -n 'shop":                                                                                "isn't closed",
		"helm upgrade web":                                                                                         "neither gcloud nor kubectl",
		"kubectl delete pods -n web extra | ":                                                                      "an empty command",
	} {
		got := strings.Join(complaints(line, known), "; ")
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: complaints %q, want %q", line, got, want)
		}
	}
}
