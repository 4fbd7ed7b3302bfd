// Package report renders a night for people.
package report
