namespace AnalogTorch.Examples;

/// <summary>Where a training job stands.</summary>
/// <param name="Epoch">The epoch it is in, from 1.</param>
/// <param name="Images">Images trained on, over all epochs.</param>
/// <param name="Loss">Latest loss; not a number where there is none yet.</param>
/// <param name="Accuracy">Latest accuracy as a fraction; not a number where there is none yet.</param>
public readonly record struct TrainingState(int Epoch, long Images, double Loss, double Accuracy);

/// <summary>Where a training tells how far it is.</summary>
public interface ITrainingProgress
{
    /// <summary>Says that work begins now, where that is later than the job was added.</summary>
    void Begin();

    /// <summary>Counts images trained on, with the loss over them where it is at hand.</summary>
    void Advance(long images, double loss = double.NaN);

    /// <summary>Sets the accuracy, a fraction.</summary>
    void Accuracy(double fraction);

    /// <summary>Says that the job has ended.</summary>
    void End();
}

/// <summary>A job's own line to the display. All members may be used from any thread.</summary>
public sealed class TrainingJob : ITrainingProgress
{
    private readonly long total;
    private readonly long imagesPerEpoch;
    private readonly TimeProvider clock;
    private readonly Lock sync = new();
    private TrainingState state = new(1, 0, double.NaN, double.NaN);
    private long start;
    private long latest;
    private bool ended;

    internal TrainingJob(string name, int epochs, long imagesPerEpoch, TimeProvider clock)
    {
        (Name, Epochs, total, this.imagesPerEpoch, this.clock) = (name, epochs, epochs * imagesPerEpoch, imagesPerEpoch, clock);
        start = latest = clock.GetTimestamp();
    }

    /// <summary>What the job is called.</summary>
    public string Name { get; }

    /// <summary>How many epochs it runs.</summary>
    public int Epochs { get; }

    /// <summary>Where it stands.</summary>
    public TrainingState State
    {
        get
        {
            lock (sync)
            {
                return state;
            }
        }
    }

    /// <summary>Whether it has ended.</summary>
    public bool Ended
    {
        get
        {
            lock (sync)
            {
                return ended;
            }
        }
    }

    /// <summary>Mean speed since it began; 0 before the first report.</summary>
    public double ImagesPerSecond
    {
        get
        {
            lock (sync)
            {
                var seconds = clock.GetElapsedTime(start, latest).TotalSeconds;
                return seconds > 0 ? state.Images / seconds : 0;
            }
        }
    }

    /// <summary>Time to the end at the mean speed, where that is known.</summary>
    public TimeSpan? TimeLeft
    {
        get
        {
            lock (sync)
            {
                if (state.Images == 0)
                {
                    return null;
                }
                var perImage = clock.GetElapsedTime(start, latest) / state.Images;
                var left = (total - state.Images) * perImage - clock.GetElapsedTime(latest);
                return left > TimeSpan.Zero ? left : TimeSpan.Zero;
            }
        }
    }

    /// <inheritdoc/>
    public void Begin()
    {
        lock (sync)
        {
            start = latest = clock.GetTimestamp();
        }
    }

    /// <inheritdoc/>
    public void Advance(long images, double loss = double.NaN)
    {
        lock (sync)
        {
            var done = state.Images + images;
            state = state with
            {
                Images = done,
                Epoch = (int)Math.Min(Epochs, 1 + (done - 1) / imagesPerEpoch),
                Loss = double.IsNaN(loss) ? state.Loss : loss,
            };
            latest = clock.GetTimestamp();
        }
    }

    /// <inheritdoc/>
    public void Accuracy(double fraction)
    {
        lock (sync)
        {
            state = state with { Accuracy = fraction };
        }
    }

    /// <inheritdoc/>
    public void End()
    {
        lock (sync)
        {
            ended = true;
        }
    }
}
