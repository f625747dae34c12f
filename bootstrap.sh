#!/bin/sh
echo "under construction"
