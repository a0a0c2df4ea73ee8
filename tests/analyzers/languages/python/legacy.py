import urllib2

class Old:
    def show(self, (a, b)):
        print "total", self.total
        print >>out, "more"
        exec "code" in space
        if a <> 0777L:
            raise ValueError, "message"
        try:
            self.load()
        except IOError, error:
            pass
        except KeyError, ValueError:
            pass
        return `a`, ur"text"
