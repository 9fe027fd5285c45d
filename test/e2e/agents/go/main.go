// A nightly job: four workers on one pool close tickets that have waited too long. Usage: agent hard-coded | environment | url
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

func main() {
	connection, known := map[string]string{
		"hard-coded":  "host=shop-db.data-platform.svc port=5432 dbname=shop user=shop_app password=shop-2024",
		"environment": "",
		"url":         os.Getenv("DATABASE_URL"),
	}[os.Args[1]]
	if !known {
		fail(fmt.Errorf("unknown: %s", os.Args[1]))
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	pool, err := pgxpool.New(ctx, connection)
	fail(err)
	defer pool.Close()

	rows, err := pool.Query(ctx, "SELECT id FROM tickets WHERE status = 'waiting' ORDER BY opened_at LIMIT 8")
	fail(err)
	var tickets []int
	for rows.Next() {
		var id int
		fail(rows.Scan(&id))
		tickets = append(tickets, id)
	}
	fail(rows.Err())

	var workers sync.WaitGroup
	work := make(chan int)
	for range 4 {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for id := range work {
				_, err := pool.Exec(ctx, "UPDATE tickets SET status = 'waiting' WHERE id = $1", id)
				fail(err)
			}
		}()
	}
	for _, id := range tickets {
		work <- id
	}
	close(work)
	workers.Wait()
	say(map[string]any{"question": "tickets", "touched": len(tickets)})

	var name, email, ssn string
	fail(pool.QueryRow(ctx, "SELECT name, email, ssn FROM customers WHERE id = $1", 6).Scan(&name, &email, &ssn))
	say(map[string]any{"question": "customer", "rows": []map[string]any{{"id": 6, "name": name, "email": email, "ssn": ssn}}})

	var credit string
	err = pool.QueryRow(ctx, "SELECT credit FROM customers WHERE id = $1", 6).Scan(&credit)
	var refused *pgconn.PgError
	switch {
	case errors.As(err, &refused):
		say(map[string]any{"question": "credit", "error": refused.Code, "message": refused.Message})
	case err != nil:
		fail(err)
	default:
		say(map[string]any{"question": "credit", "rows": []map[string]any{{"id": 6, "credit": credit}}})
	}
}

func say(line any) {
	text, err := json.Marshal(line)
	fail(err)
	fmt.Println(string(text))
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
