. /tmp/w/scratch-share/env.sh
for a in "rows 1" "sites 2"; do timeout 900 python /tmp/w/scratch-share/wide.py $a >> /tmp/w/scratch-share/m_wide.log 2>&1; done
