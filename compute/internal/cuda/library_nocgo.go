//go:build !cgo

package cuda

// A Library would be a loaded plugin: a build without cgo has none.
type Library struct {
	Path  string
	Build string
}

type handle uint64

const noCgo = "this program was built without cgo (CGO_ENABLED=0) and cannot load a plugin"

// LoadFile says that there are no plugins without cgo.
func LoadFile(path string) (*Library, error) { return nil, &LoadError{[]string{path + ": " + noCgo}} }

// Devices is the number of devices: none.
func (l *Library) Devices() (int, error) { return 0, &LoadError{[]string{noCgo}} }

// Info is what the plugin knows of a device.
func (l *Library) Info(int) (Info, error) { return Info{}, &LoadError{[]string{noCgo}} }

func (l *Library) open(int, int64) (handle, error)               { return 0, &LoadError{[]string{noCgo}} }
func (l *Library) close(handle) Status                           { return statusHandle }
func (l *Library) lastError(handle) string                       { return noCgo }
func (l *Library) alloc(handle, int64) (Handle, Status)          { return 0, statusHandle }
func (l *Library) free(handle, Handle) Status                    { return statusHandle }
func (l *Library) memory(handle) (Memory, Status)                { return Memory{}, statusHandle }
func (l *Library) upload(handle, Handle, int64, []byte) Status   { return statusHandle }
func (l *Library) download(handle, Handle, int64, []byte) Status { return statusHandle }
func (l *Library) submit(handle, []Cmd) (Ticket, Status)         { return 0, statusHandle }
func (l *Library) wait(handle, Ticket, int64) Status             { return statusHandle }
func (l *Library) trim(handle) Status                            { return statusHandle }
