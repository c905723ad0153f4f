. /tmp/w/scratch-share/env.sh
cd /tmp/w/scratch-share
while ps aux | grep -q "[m]easure.py generate 2 20000"; do sleep 2; done
timeout 600 python measure.py likelihood 1 > m_like.log 2>&1
timeout 900 python measure.py evaluate 1 > m_eval.log 2>&1
