namespace AnalogTorch.Tiles;

/// <summary>Who reads the tiles of a layer right now, so that nothing of them goes away, or changes, under a read.</summary>
/// <remarks>
/// Any number of threads read at a time. To close the gate, or to change what the tiles hold, is to wait for the reads that have begun; those that come after find
/// it closed, or wait for the change. A thread that is inside already is never kept waiting by itself.
/// </remarks>
internal sealed class LayerGate
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10); // with a read that was given up without a word
    private readonly Lock writers = new();
    private readonly ThreadLocal<int> own = new();
    private long period;
    private int reads;
    private volatile bool isPaused, isChanging;
    private volatile string? closed;

    /// <summary>Whether nobody is let in.</summary>
    public bool IsClosed => closed is not null;

    /// <summary>How often the tiles were taken off, or brought to another state: a pass that finds another number at its end is of neither.</summary>
    public long Period => Interlocked.Read(ref period);

    /// <summary>Begins a read, which ends when what is returned is disposed of.</summary>
    /// <exception cref="ObjectDisposedException">The tiles are gone.</exception>
    public Passage Enter()
    {
        while (true)
        {
            Interlocked.Increment(ref reads); // before the look at the gate, while those who close it look in the other order
            if (closed is { } reason)
            {
                Interlocked.Decrement(ref reads);
                throw new ObjectDisposedException(null, reason);
            }
            if (!isPaused || own.Value > 0)
                break;
            Interlocked.Decrement(ref reads);
            var wait = new SpinWait();
            while (isPaused)
                wait.SpinOnce();
        }
        own.Value++;
        return new(this);
    }

    /// <summary>Ends a read.</summary>
    public void Leave()
    {
        own.Value--;
        Interlocked.Decrement(ref reads);
    }

    /// <summary>Lets nobody in any more, and says why.</summary>
    public void Close(string reason)
    {
        closed ??= reason;
        Interlocked.Increment(ref period);
    }

    /// <summary>Waits for the reads of other threads to end; to be called once the gate is closed.</summary>
    public void Settle()
    {
        var (wait, start) = (new SpinWait(), Environment.TickCount64);
        while (Volatile.Read(ref reads) > own.Value && Environment.TickCount64 - start < Patience.TotalMilliseconds)
            wait.SpinOnce();
    }

    /// <summary>Lets reads in again.</summary>
    public void Open() => closed = null;

    /// <summary>Whether what the tiles of a model hold is being changed, layer after layer.</summary>
    public bool IsChanging => isChanging;

    /// <summary>Says that what the tiles hold is about to change, so that passes which have begun are of neither state.</summary>
    public void BeginChange()
    {
        isChanging = true;
        Interlocked.Increment(ref period);
    }

    /// <summary>Says that all layers have changed: passes that began in between are of neither state either.</summary>
    public void EndChange()
    {
        Interlocked.Increment(ref period);
        isChanging = false;
    }

    /// <summary>Changes what the tiles hold while nobody reads.</summary>
    public void Exchange(Action change)
    {
        lock (writers)
        {
            isPaused = true;
            try
            {
                Interlocked.MemoryBarrier();
                Settle();
                change();
            }
            finally
            {
                isPaused = false;
            }
        }
    }

    /// <summary>A read that has begun.</summary>
    public readonly struct Passage(LayerGate gate) : IDisposable
    {
        public void Dispose() => gate.Leave();
    }
}
