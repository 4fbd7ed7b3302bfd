//go:build cgo

package cuda

/*
#cgo CFLAGS: -I${SRCDIR}/../../cuda
#cgo linux LDFLAGS: -ldl
#include <dlfcn.h>
#include <stdlib.h>
#include "chimera_cuda.h"

typedef const chi_api *(*get_api)(uint32_t);

// Memory of Go's is passed as pointers to types without pointers, which cgo lets
// through wherever they lie.
//
// The error of dlerror belongs to the thread, so that it is fetched in the same
// call.
static void *open_library(const char *name, const char **text) {
	void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
	if (!library) *text = dlerror();
	return library;
}
static const chi_api *find_api(void *library, uint32_t major) {
	get_api get = (get_api)dlsym(library, "chi_get_api");
	return get ? get(major) : NULL;
}

static int32_t call_device_count(const chi_api *a, int32_t *n, char *what, size_t size) { return a->device_count(n, what, size); }
static int32_t call_device_info(const chi_api *a, int32_t i, chi_device_info *info) { return a->device_info(i, info); }
static int32_t call_open(const chi_api *a, int32_t i, uint64_t limit, uint64_t *s, char *what, size_t size) { return a->open(i, limit, s, what, size); }
static int32_t call_close(const chi_api *a, uint64_t s) { return a->close(s); }
static int32_t call_last_error(const chi_api *a, uint64_t s, char *text, size_t size) { return a->last_error(s, text, size); }
static int32_t call_alloc(const chi_api *a, uint64_t s, uint64_t n, uint64_t *h) { return a->alloc(s, n, h); }
static int32_t call_free(const chi_api *a, uint64_t s, uint64_t h) { return a->free(s, h); }
static int32_t call_memory(const chi_api *a, uint64_t s, chi_memory_info *info) { return a->memory(s, info); }
static int32_t call_upload(const chi_api *a, uint64_t s, uint64_t h, uint64_t at, const uint8_t *p, uint64_t n) { return a->upload(s, h, at, p, n); }
static int32_t call_download(const chi_api *a, uint64_t s, uint64_t h, uint64_t at, uint8_t *p, uint64_t n) { return a->download(s, h, at, p, n); }
static int32_t call_submit(const chi_api *a, uint64_t s, const chi_cmd *cmds, uint64_t n, uint64_t *t) { return a->submit(s, cmds, n, t); }
static int32_t call_wait(const chi_api *a, uint64_t s, uint64_t t, uint64_t us) { return a->wait(s, t, us); }
static int32_t call_trim(const chi_api *a, uint64_t s) { return a->trim(s); }

#cgo noescape call_alloc
#cgo nocallback call_alloc
#cgo noescape call_upload
#cgo nocallback call_upload
#cgo noescape call_download
#cgo nocallback call_download
#cgo noescape call_submit
#cgo nocallback call_submit
#cgo noescape call_memory
#cgo nocallback call_memory
*/
import "C"

import (
	"fmt"
	"unsafe"
)

// A Library is a loaded plugin. It stays loaded.
type Library struct {
	Path  string // as it was found
	Build string // what the plugin says it is

	api *C.chi_api
}

// handle is a session of the plugin.
type handle = C.uint64_t

// textSize is the room for a message of the plugin.
const textSize = 512

// LoadFile loads the plugin in a file.
func LoadFile(path string) (*Library, error) {
	name := C.CString(path)
	defer C.free(unsafe.Pointer(name))
	var text *C.char
	lib := C.open_library(name, &text)
	if lib == nil {
		return nil, &LoadError{[]string{C.GoString(text)}} // it names the file
	}
	api := C.find_api(lib, abiMajor)
	if api == nil {
		C.dlclose(lib)
		return nil, &LoadError{[]string{path + ": is no plugin: no chi_get_api"}}
	}
	build := C.GoStringN(&api.build[0], C.int(cStringLen(unsafe.Slice((*byte)(unsafe.Pointer(&api.build[0])), len(api.build)))))
	if fault := checkTable(uint32(api.abi), uint32(api.struct_size), uint32(unsafe.Sizeof(*api)), build); fault != "" {
		C.dlclose(lib)
		return nil, &LoadError{[]string{path + ": " + fault}}
	}
	return &Library{Path: path, Build: build, api: api}, nil
}

// cStringLen is the length of a string that ends at its first zero byte, if any.
func cStringLen(b []byte) int {
	for i, c := range b {
		if c == 0 {
			return i
		}
	}
	return len(b)
}

// Devices is the number of devices.
func (l *Library) Devices() (int, error) {
	var n C.int32_t
	text := make([]byte, textSize)
	s := Status(C.call_device_count(l.api, &n, (*C.char)(unsafe.Pointer(&text[0])), textSize))
	if s != statusOK {
		return 0, &Error{"count devices", s, string(text[:cStringLen(text)])}
	}
	return int(n), nil
}

// Info is what the plugin knows of a device.
func (l *Library) Info(ordinal int) (Info, error) {
	var c C.chi_device_info
	if s := Status(C.call_device_info(l.api, C.int32_t(ordinal), &c)); s != statusOK {
		return Info{}, &Error{fmt.Sprintf("device %d", ordinal), s, ""}
	}
	return Info{
		Name: C.GoString(&c.name[0]), Driver: C.GoString(&c.driver[0]), Memory: int64(c.memory), Bandwidth: int64(c.bandwidth),
		Processors: int(c.processors), ClockKHz: int(c.clock_khz), Major: int(c.compute_major), Minor: int(c.compute_minor),
	}, nil
}

func (l *Library) open(ordinal int, limit int64) (handle, error) {
	var h C.uint64_t
	text := make([]byte, textSize)
	s := Status(C.call_open(l.api, C.int32_t(ordinal), C.uint64_t(limit), &h, (*C.char)(unsafe.Pointer(&text[0])), textSize))
	if s != statusOK {
		return 0, &Error{fmt.Sprintf("open device %d", ordinal), s, string(text[:cStringLen(text)])}
	}
	return h, nil
}

func (l *Library) close(h handle) Status { return Status(C.call_close(l.api, h)) }

func (l *Library) lastError(h handle) string {
	text := make([]byte, textSize)
	C.call_last_error(l.api, h, (*C.char)(unsafe.Pointer(&text[0])), textSize)
	return string(text[:cStringLen(text)])
}

func (l *Library) alloc(h handle, n int64) (Handle, Status) {
	var b C.uint64_t
	s := C.call_alloc(l.api, h, C.uint64_t(n), &b)
	return Handle(b), Status(s)
}

func (l *Library) free(h handle, b Handle) Status {
	return Status(C.call_free(l.api, h, C.uint64_t(b)))
}

func (l *Library) memory(h handle) (Memory, Status) {
	var c C.chi_memory_info
	s := C.call_memory(l.api, h, &c)
	return Memory{int64(c.used), int64(c.cached), int64(c.free), int64(c.total), int(c.buffers)}, Status(s)
}

func (l *Library) upload(h handle, b Handle, at int64, p []byte) Status {
	return Status(C.call_upload(l.api, h, C.uint64_t(b), C.uint64_t(at), (*C.uint8_t)(unsafe.SliceData(p)), C.uint64_t(len(p))))
}

func (l *Library) download(h handle, b Handle, at int64, p []byte) Status {
	return Status(C.call_download(l.api, h, C.uint64_t(b), C.uint64_t(at), (*C.uint8_t)(unsafe.SliceData(p)), C.uint64_t(len(p))))
}

func (l *Library) submit(h handle, cmds []Cmd) (Ticket, Status) {
	var t C.uint64_t
	s := C.call_submit(l.api, h, (*C.chi_cmd)(unsafe.Pointer(unsafe.SliceData(cmds))), C.uint64_t(len(cmds)), &t)
	return Ticket(t), Status(s)
}

func (l *Library) wait(h handle, t Ticket, us int64) Status {
	return Status(C.call_wait(l.api, h, C.uint64_t(t), C.uint64_t(us)))
}

func (l *Library) trim(h handle) Status { return Status(C.call_trim(l.api, h)) }

// layout is the sizes and offsets of struct chi_cmd as C sees them, for tests.
func layout() (size, flags, h, off, d, s uintptr) {
	var c C.chi_cmd
	return unsafe.Sizeof(c), unsafe.Offsetof(c.flags), unsafe.Offsetof(c.h), unsafe.Offsetof(c.off), unsafe.Offsetof(c.d), unsafe.Offsetof(c.s)
}
