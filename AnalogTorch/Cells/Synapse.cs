using AnalogTorch.Core;
using AnalogTorch.Devices;

namespace AnalogTorch.Cells;

/// <summary>The devices that blind pulses move up and down, of rules that take one or several of them for a weight.</summary>
public abstract record Synapse : HardwareConfig
{
    /// <summary>What the devices are.</summary>
    public abstract PulsedDevice Element { get; }

    /// <summary>Whether there are two of them, of which one is pulsed to raise the weight and the other to lower it; else one goes both ways.</summary>
    public abstract bool IsPair { get; }

    /// <summary>What a single device is measured against; pairs are measured against each other.</summary>
    public abstract Reference Against { get; }

    /// <summary>What is done about pairs that approach saturation.</summary>
    public abstract PairRefresh Saturating { get; }
}

/// <summary>One device that pulses move either way, against a reference.</summary>
public sealed record BidirectionalSynapse : Synapse
{
    /// <summary>What pulses of either direction move.</summary>
    public PulsedDevice Device { get; init => field = NotNull(value); } = new ResponseDevice();

    /// <summary>What it is measured against.</summary>
    public Reference Reference { get; init => field = NotNull(value); } = new ZeroReference();

    /// <inheritdoc/>
    public override PulsedDevice Element => Device;

    /// <inheritdoc/>
    public override bool IsPair => false;

    /// <inheritdoc/>
    public override Reference Against => Reference;

    /// <inheritdoc/>
    public override PairRefresh Saturating => new NoRefresh();
}

/// <summary>Two devices that only rise, the difference of which is the weight, and which are RESET and written again now and then.</summary>
public sealed record DifferentialSynapse : Synapse, ICrossChecked
{
    /// <summary>What either half of the pair is, which pulses raise.</summary>
    public PulsedDevice Device { get; init => field = NotNull(value); } = new PcmSet();

    /// <summary>What is done about pairs that approach saturation.</summary>
    public PairRefresh Refresh { get; init => field = NotNull(value); } = new OccasionalReset();

    /// <inheritdoc/>
    public override PulsedDevice Element => Device;

    /// <inheritdoc/>
    public override bool IsPair => true;

    /// <inheritdoc/>
    public override Reference Against => new ZeroReference();

    /// <inheritdoc/>
    public override PairRefresh Saturating => Refresh;

    /// <inheritdoc/>
    public void Check()
    {
        if (Device is not IResettable)
            throw new ArgumentException($"DifferentialSynapse.Device must be one that can be RESET, but {Device.GetType().Name} cannot; take PcmSet, or a BidirectionalSynapse.");
    }
}
