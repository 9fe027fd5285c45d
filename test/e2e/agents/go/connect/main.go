// Tries connections: a connection string a line on standard input, a line of JSON for each on standard output.
package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/jackc/pgx/v5"
)

func main() {
	for input := bufio.NewScanner(os.Stdin); input.Scan(); {
		encrypted, err := try(input.Text())
		said := map[string]any{"tls": encrypted}
		if err != nil {
			said = map[string]any{"error": strings.Join(strings.Fields(err.Error()), " ")}
		}
		line, err := json.Marshal(said)
		if err != nil {
			panic(err)
		}
		fmt.Println(string(line))
	}
}

func try(settings string) (bool, error) {
	ctx := context.Background()
	connection, err := pgx.Connect(ctx, settings)
	if err != nil {
		return false, err
	}
	defer connection.Close(ctx)
	if _, err := connection.Exec(ctx, "SELECT 1"); err != nil {
		return false, err
	}
	_, encrypted := connection.PgConn().Conn().(*tls.Conn)
	return encrypted, nil
}
