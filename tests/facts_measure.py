"""Plays only the question (and look_alike, opening) sentences of teaching voices, in two processes."""
import sys, collections, json
from tests.quality import run, sentences, report
VOICES="aposentada contador irritado jovem lojista produtor".split()
def main():
    kinds=set(sys.argv[1].split(','))
    todo=[run.PlaySentence(s) for v in VOICES for s in sentences.read(v) if s['kind'] in kinds]
    res=run.run(todo)
    c=collections.defaultdict(lambda:[0,0])
    for h in res.heard:
        for k,v in h.counts.items():
            c[k][1]+=1; c[k][0]+=v
    for k,v in sorted(c.items()): print(k, v[0], '/', v[1], round(100*v[0]/v[1],1))
    with open(sys.argv[2],'w') as f:
        for h in res.heard:
            if h.transcript: f.write(f"{h.id} {h.counts}\n   "+"\n   ".join(h.transcript)+"\n")
if __name__=='__main__': main()
