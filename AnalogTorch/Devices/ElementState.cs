namespace AnalogTorch.Devices;

/// <summary>One element as numbers: its value and what it is made of, in the device's own unit.</summary>
/// <param name="Value">The value that pulses move.</param>
/// <param name="Memory">What it remembers of earlier pulses, before the next one arrives; 0 if nothing.</param>
/// <param name="Up">Size of the nominal upward step.</param>
/// <param name="Down">Size of the nominal downward step.</param>
/// <param name="Min">Lower bound of the value.</param>
/// <param name="Max">Upper bound of the value.</param>
/// <param name="Offset">The device's extra parameter.</param>
public readonly record struct ElementState(double Value, double Memory, double Up, double Down, double Min, double Max, double Offset);
