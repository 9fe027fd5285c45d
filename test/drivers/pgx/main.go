// An ordinary pgx program. Prints one JSON object of what it saw; the test compares.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	connection, err := pgx.Connect(ctx, "postgres://agent@127.0.0.1:"+os.Args[1]+"/shop?sslmode=prefer")
	check(err)
	defer connection.Close(ctx)
	seen := map[string]any{}

	// Statement cache: described once, executed with binary results from then on.
	phones := []string{}
	for _, id := range []int{1, 2, 3, 1} {
		var phone string
		check(connection.QueryRow(ctx, "SELECT phone FROM customers WHERE id = $1", id).Scan(&phone))
		phones = append(phones, phone)
	}
	seen["phones"] = phones

	var name, salary string
	var born time.Time
	var tags []string
	check(connection.QueryRow(ctx, "SELECT name, salary::text, birth_date, tags FROM customers WHERE id = $1", 3).Scan(&name, &salary, &born, &tags))
	seen["row"] = []any{name, salary, born.Format("2006-01-02"), tags}

	rows, err := connection.Query(ctx, "SELECT id FROM customers ORDER BY id", pgx.QueryExecModeSimpleProtocol)
	check(err)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int32])
	check(err)
	seen["ids"] = ids

	batch := &pgx.Batch{}
	for n := range 5 {
		batch.Queue("SELECT $1::int", n)
	}
	results := connection.SendBatch(ctx, batch)
	numbers := []int{}
	for range 5 {
		var n int
		check(results.QueryRow().Scan(&n))
		numbers = append(numbers, n)
	}
	check(results.Close())
	seen["batch"] = numbers

	_, err = connection.Exec(ctx, "SELECT iban FROM payroll")
	var denied *pgconn.PgError
	if errors.As(err, &denied) {
		seen["denied"] = []string{denied.Code, denied.Detail}
	}

	transaction, err := connection.Begin(ctx)
	check(err)
	copied, err := transaction.CopyFrom(ctx, pgx.Identifier{"scratch"}, []string{"id", "tag"}, pgx.CopyFromRows([][]any{{4201, "a"}, {4202, "b"}}))
	check(err)
	seen["copied"] = copied
	check(transaction.Rollback(ctx))

	var left int
	check(connection.QueryRow(ctx, "SELECT count(*) FROM scratch WHERE id > 4200").Scan(&left))
	seen["left"] = left

	check(json.NewEncoder(os.Stdout).Encode(seen))
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
