using AnalogTorch.Core;
using AnalogTorch.Tiles;

namespace AnalogTorch.Energy;

/// <summary>Analog tiles that send durations: an input is how long its line is on, an output is when its ramp meets what was integrated.</summary>
/// <remarks>
/// <para>
/// A read of a tile of R inputs and C outputs takes E = R·C·V²·G·t_on + R·e_row + C·(e_column + e_route), with G the conductance of a weight and t_on the
/// mean time that an input is on; elements that digital circuits work out take e_digital each. A read from the output side changes R and C in
/// their parts. It takes T = T_integration + T_ramp, and layers work at the same time on different samples.
/// </para>
/// <para>
/// The design is that of H.-Y. Chang et al., "AI hardware acceleration with analog memory: microarchitectures for low energy at high speed", IBM
/// J. Res. Dev. 63 (2019): no converter between layers but duration and back. The equations and the constants e are
/// calibrated here, to give the published 15.2 and 14 TOP/s/W of its MNIST network and its 2×200 LSTM; only these outputs are the design's own.
/// </para>
/// </remarks>
public abstract record DurationHardware : HardwareCost
{
    /// <summary>Factor of 14 nm on energies of circuits designed in 90 nm: capacitance with the node, and the square of the supply, 0.8 V for 1.2 V.</summary>
    internal const double CircuitScaleOf14nm = 14.0 / 90 * (0.8 / 1.2) * (0.8 / 1.2);

    /// <summary>Energy of an element that digital circuits in 90 nm work out (J); calibrated here.</summary>
    internal const double DigitalEnergyOf90nm = 18e-12;

    /// <summary>Largest tile; a larger matrix takes several, whose sums are added by digital circuits.</summary>
    public TileSize Size { get; init => field = NotNull(value); } = new UnlimitedSize();

    /// <summary>Conductance of a weight.</summary>
    public ArrayConductance Conductance { get; init => field = NotNull(value); } = new MeasuredConductance();

    /// <summary>Voltage over the devices in a read.</summary>
    [Unit("V")]
    public double ReadVoltage { get; init => field = NotNegative(value); } = 0.2;

    /// <summary>Mean time that an input is on.</summary>
    [Unit("s")]
    public double OnTime { get; init => field = NotNegative(value); } = 43 * Units.ns;

    /// <summary>Energy of an input line's driver for a read; calibrated here.</summary>
    [Unit("J")]
    public double RowEnergy { get; init => field = NotNegative(value); } = 1.0e-12;

    /// <summary>Energy of an output line's integrator, ramp and comparator for a read; calibrated here.</summary>
    [Unit("J")]
    public double ColumnEnergy { get; init => field = NotNegative(value); } = 22e-12;

    /// <summary>Energy to send an output's duration over a metre; calibrated here.</summary>
    [Unit("J/m")]
    public double RoutingEnergy { get; init => field = NotNegative(value); } = 2.5e-12 / 5e-3;

    /// <summary>How far durations are sent.</summary>
    [Unit("m")]
    public double RoutingDistance { get; init => field = NotNegative(value); } = 5e-3;

    /// <summary>Energy of an element that digital circuits work out; calibrated here.</summary>
    [Unit("J")]
    public double DigitalEnergy { get; init => field = NotNegative(value); } = DigitalEnergyOf90nm;

    /// <summary>Factor on the energies of lines, routing and digital circuits, of a smaller node.</summary>
    [Unit("1")]
    public double CircuitScale { get; init => field = NotNegative(value); } = 1;

    /// <summary>Energy of an update pulse, the charging of one gate: some fF at 1 V; assumed here.</summary>
    [Unit("J")]
    public double UpdatePulseEnergy { get; init => field = NotNegative(value); } = 10e-15;

    /// <summary>Energy of a programming pulse of a phase-change device: some 100 µA at 1 V for 50 ns; assumed here.</summary>
    [Unit("J")]
    public double ProgrammingPulseEnergy { get; init => field = NotNegative(value); } = 5e-12;

    /// <summary>Time that currents are integrated; 80 ns as for the resistive processing units of T. Gokmen and Y. Vlasov, Front. Neurosci. 10:333 (2016).</summary>
    [Unit("s")]
    public double IntegrationTime { get; init => field = NotNegative(value); } = 80 * Units.ns;

    /// <summary>Time of the ramp and the way to the next array; 0 where the next integration runs meanwhile.</summary>
    [Unit("s")]
    public double RampTime { get; init => field = NotNegative(value); } = 0;

    /// <summary>Time of an update; as long as a read.</summary>
    [Unit("s")]
    public double UpdateTime { get; init => field = NotNegative(value); } = 80 * Units.ns;

    /// <summary>Devices of a weight, for layers that are in no array yet: two pairs.</summary>
    [Unit("1")]
    public double DevicesPerWeight { get; init => field = NotNegative(value); } = 4;

    /// <summary>Most copies of an array that is read more than once a sample, such as that of a convolution.</summary>
    [Unit("1")]
    public int Copies { get; init => field = Within(value, 1, int.MaxValue); } = 1;

    /// <summary>What a unit cell takes up; calibrated here.</summary>
    [Unit("m2")]
    public abstract double CellArea { get; init; }

    /// <summary>What the circuits of an input line take up; calibrated here.</summary>
    [Unit("m2")]
    public abstract double RowArea { get; init; }

    /// <summary>What the circuits of an output line take up; calibrated here.</summary>
    [Unit("m2")]
    public abstract double ColumnArea { get; init; }

    /// <summary>The design with converters of another resolution: a ramp of 2^bits steps takes in proportion to 8 bits; assumed here.</summary>
    /// <param name="bits">Bits of an output.</param>
    public DurationHardware WithBits(int bits) => this with { ColumnEnergy = ColumnEnergy * Math.Pow(2, bits - 8), RampTime = RampTime * Math.Pow(2, bits - 8) };

    /// <inheritdoc/>
    public sealed override LayerCost Of(CensusLayer layer, long samples)
    {
        ArgumentNullException.ThrowIfNull(layer);
        var energy = new Dictionary<CostComponent, double>();
        var digital = layer.DigitalElements + layer.DigitalMultiplyAccumulates;
        if (!layer.IsArray)
        {
            energy[CostComponent.Digital] = digital * CircuitScale * DigitalEnergy;
            return new(layer, energy, 0, 0, 0, 0);
        }
        var work = TileWork.Of(layer, Size);
        energy[CostComponent.Array] = (double)layer.Weights * (layer.Reads + layer.TransposedReads) * ReadVoltage * ReadVoltage * Conductance.Of(layer) * OnTime;
        energy[CostComponent.Drivers] = work.Drives * CircuitScale * RowEnergy;
        energy[CostComponent.Converters] = work.Conversions * CircuitScale * ColumnEnergy;
        energy[CostComponent.Routing] = work.Conversions * CircuitScale * RoutingEnergy * RoutingDistance;
        energy[CostComponent.Digital] = (digital + work.Sums) * CircuitScale * DigitalEnergy;
        energy[CostComponent.Update] = layer.UpdatePulses * UpdatePulseEnergy;
        energy[CostComponent.Programming] = layer.ProgrammingPulses * ProgrammingPulseEnergy;
        var copies = Math.Clamp(layer.Reads / samples, 1, Copies);
        var seconds = ((layer.Reads + layer.TransposedReads) * (IntegrationTime + RampTime) + layer.Updates * UpdateTime) / copies;
        var devices = layer.Devices > 0 ? layer.Devices : (long)Math.Ceiling(layer.Weights * DevicesPerWeight);
        return new(layer, energy, seconds, copies * AreaOf(layer, work.Tiles), copies * devices, copies * work.Tiles, work);
    }

    private double AreaOf(CensusLayer layer, long tiles)
    {
        var (inputs, outputs) = TileWork.Lines(layer, Size);
        // Tiles of a size are built whole; an array without one is as large as its matrix.
        return inputs == long.MaxValue || outputs == long.MaxValue
            ? layer.Weights * CellArea + layer.Groups * (layer.Inputs * RowArea + layer.Outputs * ColumnArea)
            : tiles * (inputs * outputs * CellArea + inputs * RowArea + outputs * ColumnArea);
    }
}
